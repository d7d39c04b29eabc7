"""What an order is."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Customer:
    """Somebody who orders."""

    name: str
    email: str

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split())


@dataclass
class OrderLine:
    """So many of one thing."""

    article: str
    quantity: int
    unit_price: Decimal

    def price(self) -> Decimal:
        """What the line costs before discounts."""
        return self.unit_price * self.quantity


@dataclass
class Order:
    """What a customer wants."""

    customer: Customer
    lines: list[OrderLine] = field(default_factory=list)

    def add(self, article: str, quantity: int = 1, *, unit_price: Decimal) -> OrderLine:
        """Appends a line and returns it."""
        line = OrderLine(article, quantity, unit_price)
        self.lines.append(line)
        return line

    def articles(self) -> set[str]:
        return {line.article for line in self.lines}
