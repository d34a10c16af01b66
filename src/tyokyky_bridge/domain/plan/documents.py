"""D7: statements and documents: reference and hash only, the text stays in the archive of its register."""

from tyokyky_bridge.domain.plan.coded import DocumentKind, StatementKind
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import OrgRef, WorkerRef
from tyokyky_bridge.domain.plan.text import Str, Text
from tyokyky_bridge.domain.plan.values import Count, Day, Element, MimeType, Oid, Part, Sha256


class DocumentRef(Part):
    """Where the document is and how to know that it is the same one."""

    oid: Oid | None = means("asiakirjan OID", "handlingens OID", "document OID")
    sha256: Sha256 | None = means("tiiviste", "kontrollsumma", "SHA-256")
    mime: MimeType | None = means("mediatyyppi", "mediatyp", "media type")
    size: Count | None = means("koko tavuina", "storlek i byte", "size in bytes")


class Statement(Element):
    """A statement on work ability or functioning. Source: domain report 3.3 D7."""

    kind: StatementKind | None = means(
        "lausunnon laji", "typ av utlåtande", "kind", source="seeds 000, 002-004"
    )
    issued_on: Day | None = means("antopäivä", "utfärdat den", "issued on", source="derived")
    author: WorkerRef = means("antaja", "utfärdare", "author", source="derived", default=WorkerRef())
    addressee: OrgRef = means(
        "vastaanottaja", "mottagare", "addressee", source="seeds 003, 004", default=OrgRef()
    )
    document_ref: DocumentRef = means("viite", "referens", "document reference", default=DocumentRef())
    conclusion: Text | None = means("johtopäätös lyhyesti", "slutsats i korthet", "conclusion in short")


class Document(Element):
    """Any other document. Source: domain report 3.3 D7."""

    kind: DocumentKind | None = means("asiakirjan laji", "typ av handling", "kind")
    title: Str | None = means("otsikko", "rubrik", "title")
    issued_on: Day | None = means("päivä", "datum", "issued on", source="derived")
    author: WorkerRef = means("laatija", "upprättare", "author", source="derived", default=WorkerRef())
    addressee: OrgRef = means("vastaanottaja", "mottagare", "addressee", default=OrgRef())
    document_ref: DocumentRef = means("viite", "referens", "document reference", default=DocumentRef())
