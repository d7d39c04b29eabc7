"""Orders, what they cost, and who placed them."""

from .model import Customer, Order, OrderLine
from .pricing import Discount, total

__all__ = ["Customer", "Discount", "Order", "OrderLine", "total"]
