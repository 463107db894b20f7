"""Fetches a URL, trusting one certificate as strictly as OpenSSL can, and reads all of that certificate by cryptography.

certificate.py FILE URL NAME...: the names are those that the certificate should have.
"""

import ssl
import sys
import urllib.request

from cryptography import x509

file, url, *names = sys.argv[1:]
with open(file, "rb") as pem:
    certificate = x509.load_pem_x509_certificate(pem.read())
extensions = certificate.extensions  # raises for whatever is not DER
assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
found = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
known = [str(name.value) for name in found]
assert all(name in known for name in names), known

context = ssl.create_default_context(cafile=file)
context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN  # Python's own default from 3.13 on
with urllib.request.urlopen(url, context=context, timeout=20) as answer:
    print(answer.read().decode())
