"""Value and its proof: the ledger, and the documents that stand on it."""

from billing.models.documents import Charge, Invoice, InvoiceCounter, InvoiceLine, Payment
from billing.models.ledger import Account, Entry

__all__ = ["Account", "Charge", "Entry", "Invoice", "InvoiceCounter", "InvoiceLine", "Payment"]
