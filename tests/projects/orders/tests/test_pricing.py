from decimal import Decimal

from orders import Customer, Discount, Order, total


def order() -> Order:
    placed = Order(Customer("Ada Lovelace", "ada@example.org"))
    placed.add("engine", 2, unit_price=Decimal(100))
    placed.add("card", 500, unit_price=Decimal("0.10"))
    return placed


def test_total_without_discount() -> None:
    assert total(order()) == Decimal(250)


def test_total_with_discount() -> None:
    assert total(order(), Discount(quantity_min=100, share=Decimal("0.5"))) == Decimal(225)
