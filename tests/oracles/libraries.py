"""What providers' own libraries say of what `sidegate send` signs, and what the gate says of what they sign."""

import logging
from pathlib import Path

import body_libraries
import key_libraries
import request_libraries
import stamped_libraries
import standard_libraries
import token_libraries
from library import foreign, reported, verified
from node_libraries import Node, node_libraries, node_signing

LIBRARIES = (
    *body_libraries.LIBRARIES, *stamped_libraries.LIBRARIES, *standard_libraries.LIBRARIES, *request_libraries.LIBRARIES,
)
SIGNING = {
    **body_libraries.SIGNING, **stamped_libraries.SIGNING, **request_libraries.SIGNING, **key_libraries.SIGNING,
    **token_libraries.SIGNING,
}


def libraries(binary: Path, node: Path) -> bool:
    logging.disable(logging.CRITICAL)
    fine, process = True, Node(node)
    for library in (*LIBRARIES, *node_libraries(process)):
        fine &= reported(library.name, lambda report, library=library: verified(binary, library, report))
    for name, sign in {**SIGNING, **node_signing(process)}.items():
        fine &= reported(name, lambda report, name=name, sign=sign: foreign(binary, name, sign, report))
    process.close()
    logging.disable(logging.NOTSET)
    return fine
