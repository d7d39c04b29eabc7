"""What an order costs."""

from dataclasses import dataclass
from decimal import Decimal

from .model import Order, OrderLine


@dataclass(frozen=True)
class Discount:
    """A part off for whoever buys enough of something."""

    quantity_min: int
    share: Decimal

    def applies(self, line: OrderLine) -> bool:
        return line.quantity >= self.quantity_min


NO_DISCOUNT = Discount(quantity_min=0, share=Decimal(0))


def total(order: Order, discount: Discount = NO_DISCOUNT) -> Decimal:
    """What the order costs, each line by itself discounted."""
    cost = Decimal(0)
    for line in order.lines:
        price = line.price()
        if discount.applies(line):
            price -= price * discount.share
        cost += price
    return cost
