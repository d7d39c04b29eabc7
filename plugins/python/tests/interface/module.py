"""A module that others import."""

from __future__ import annotations

import abc
import contextlib
import enum
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, NoReturn, Protocol, TypedDict, TypeVar, overload

T = TypeVar("T")
G = 1
limit: int = 10
names = ["a", "b"]


def annotated(a: int, b: str = "") -> int:
    """Counts."""
    total = a + len(b)
    for n in range(a):
        total += n
    return total


def inferred(a: int):
    """Is looked into."""
    if a > 1:
        return a
    return str(a)


def sets_global() -> None:
    global G
    G = 1
    print(G)


def never() -> NoReturn:
    raise SystemExit(1)


def generator(n: int) -> Iterator[int]:
    for i in range(n):
        yield i


def no_generator(n: int) -> Iterator[int]:
    return iter([n])


async def stream(n: int) -> AsyncIterator[int]:
    while n > 1:
        yield n


async def no_stream(n: int) -> AsyncIterator[int]:
    print(n)
    return stream(n)


async def later(n: int) -> str:
    await other_later()
    return str(n)


async def other_later() -> None:
    pass


@contextlib.contextmanager
def opened(path: str) -> Iterator[str]:
    print(path)
    yield path


@contextlib.asynccontextmanager
async def opened_later(path: str) -> AsyncIterator[str]:
    print(path)
    yield path


@overload
def either(a: int) -> int: ...
@overload
def either(a: str) -> str: ...
def either(a: int | str) -> int | str:
    if isinstance(a, int):
        return a + 1
    return a


class Base(abc.ABC):
    """Has something abstract."""

    kind = "base"

    def __init__(self, name: str) -> None:
        """Makes one."""
        self.name = name
        self.count = 1
        other = self
        print(other)

    @abc.abstractmethod
    def empty(self) -> int: ...

    @abc.abstractmethod
    def filled(self) -> int:
        print(self.name)
        return 1

    @classmethod
    @abc.abstractmethod
    def empty_class(cls) -> int: ...

    @classmethod
    @abc.abstractmethod
    def filled_class(cls) -> int:
        print(cls)
        return 1

    @staticmethod
    @abc.abstractmethod
    def raising() -> int:
        raise NotImplementedError

    @property
    def size(self) -> int:
        print(self.name)
        return self.count

    @size.setter
    def size(self, value: int) -> None:
        print(value)

    def plain(self) -> "Base":
        x = 1
        print(x)
        return self

    def inferred(self):
        return self.count

    def later_set(self) -> None:
        if self.count > 1:
            self.late = 1.5


class Shape(Protocol):
    def area(self) -> float: ...

    def doubled(self) -> float:
        print(self)
        return 2 * self.area()

    def body_only(self) -> float:
        """Says what it is."""


class Square(Shape):
    def area(self) -> float:
        print(1)
        return 1.0


class Pair(NamedTuple):
    """Two."""

    first: int
    second: str = ""

    def swapped(self) -> tuple[str, int]:
        print(self)
        return self.second, self.first


class Color(enum.Enum):
    """Some."""

    RED = 1
    GREEN = 2

    def label(self) -> str:
        print(self)
        return self.name


@dataclass
class Point(Generic[T]):
    """A place."""

    x: int
    y: int = 1
    tag: T | None = None
    rest: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        print(self.x)

    def moved(self, by: int) -> Point[T]:
        """Elsewhere."""

        def shifted(n: int) -> int:
            return n + by

        return Point(shifted(self.x), self.y, self.tag)


class Options(TypedDict, total=False):
    """What can be said."""

    depth: int
    title: str


if limit > 1:

    class Twice:
        def which(self) -> int:
            print(1)
            return 1

else:

    class Twice:
        def which(self) -> str:
            print(1)
            return ""


def first_twice() -> Twice:
    print(1)
    return Twice()


def outer() -> type:
    class Local:
        def method(self) -> int:
            print(1)
            return 1

    return Local


def nested(a: int):
    def inside(b: int) -> int:
        print(b)
        return b

    class Within:
        def method(self) -> int:
            print(a)
            return inside(a)

    return Within()


class Meta(type):
    def __call__(cls, *args: object) -> object:
        print(args)
        return 1

    def __len__(cls) -> int:
        print(cls)
        return 1


class WithMeta(metaclass=Meta):
    def __new__(cls, a: int) -> WithMeta:
        print(a)
        return object.__new__(cls)

    def __getattr__(self, name: str) -> int:
        print(name)
        return 1

    def __enter__(self) -> str:
        print(1)
        return ""

    def __exit__(self, *args: object) -> bool:
        print(1)
        return True

    def __iter__(self) -> Iterator[int]:
        yield 1

    def __bool__(self) -> bool:
        print(1)
        return False

    def __eq__(self, other: object) -> bool:
        print(other)
        return True

    async def __aenter__(self) -> int:
        print(1)
        return 1

    async def __aexit__(self, *args: object) -> None:
        print(1)

    async def __aiter__(self) -> AsyncIterator[int]:
        yield 1


class Descriptor:
    def __get__(self, instance: object, owner: type) -> int:
        print(owner)
        return 1

    def __set__(self, instance: object, value: int) -> None:
        print(value)


class Uses:
    slot = Descriptor()

    def __init__(self):
        self.a = 1
        self.b: str = ""

    def awaits(self) -> Awaitable[int]:
        print(1)
        return later_int()


async def later_int() -> int:
    return 1
