"""Words that say what kind of company a name is of, and nothing about which one."""

# Folded (no capitals, no accents, no dots): `GmbH & Co. KG` is `gmbh`, `co`, `kg`.
LEGAL_FORMS = tuple(
    (
        "ab ag and aps as asa bv bvba co company corp corporation doo ek eg et ev eu gbr gmbh inc "
        "incorporated kft kg kgaa limited llc llp ltd mbh nv ohg ou oy oyj plc pty pvt sa sarl sas "
        "se sl slu snc sp spa spol srl sro the und ug y zoo"
    ).split()
)
