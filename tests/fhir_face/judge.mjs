// The Node judge `fhir` over the bodies of a test run: `make judge-node`. Prints what it has against them.
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(process.argv[2]);
const { Fhir } = createRequire(join(folder, "package.json"))("fhir");
const judge = new Fhir();
const found = new Map();
let bodies = 0;
for (const name of readdirSync(join(folder, "bodies"))) {
  const body = JSON.parse(readFileSync(join(folder, "bodies", name), "utf8"));
  bodies += 1;
  for (const message of judge.validate(body).messages.filter((each) => ["error", "fatal"].includes(each.severity))) {
    const said = `${body.resourceType} ${message.location}: ${message.message}`.replace(/\[\d+\]/g, "[]");
    found.set(said, (found.get(said) ?? 0) + 1);
  }
}
for (const [said, times] of [...found].sort()) console.log(`${times}x ${said}`);
console.log(`fhir (Node): ${bodies} bodies, ${found.size} findings`);
process.exit(bodies === 0 || found.size ? 1 : 0);
