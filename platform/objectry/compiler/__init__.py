"""Release → tables, schemas, codecs; the compilers do not know each other."""
