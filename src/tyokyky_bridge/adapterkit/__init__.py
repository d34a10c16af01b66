"""All that an adapter may import from the hub: contract, errors, manifest, HTTP client, codecs, simulator kit."""
