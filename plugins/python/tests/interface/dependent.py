import module
from module import *
from module import (
    Base, Color, Descriptor, Options, Pair, Point, Shape, Square, Twice, Uses, WithMeta, annotated, either, first_twice,
    generator, inferred, later, nested, never, no_generator, no_stream, opened, opened_later, outer, stream,
)

reveal_type(module.__doc__)
reveal_type(module.G)
reveal_type(module.limit)
reveal_type(module.names)
reveal_type(annotated)
reveal_type(annotated(""))
reveal_type(inferred)
reveal_type(inferred(1))
reveal_type(module.sets_global())
reveal_type(generator(1))
reveal_type(no_generator(1))
reveal_type(stream)
reveal_type(stream(1))
reveal_type(no_stream)
reveal_type(no_stream(1))
reveal_type(later(1))
reveal_type(either(1))
reveal_type(either(b""))
reveal_type(os)
reveal_type(n)
reveal_type(x)


class Done(Base):
    def empty(self) -> int:
        return super().empty()

    def filled(self) -> int:
        return super().filled()

    @classmethod
    def empty_class(cls) -> int:
        return super().empty_class()

    @classmethod
    def filled_class(cls) -> int:
        return super().filled_class()

    @staticmethod
    def raising() -> str:
        return ""


class Undone(Base):
    pass


Undone("")
Base.empty_class()
Base.filled_class()
Base.raising()
done = Done(1)
reveal_type(Done.__doc__)
reveal_type(done.name)
reveal_type(done.count)
reveal_type(done.size)
reveal_type(done.late)
reveal_type(done.x)
reveal_type(done.z)
reveal_type(done.kind)
reveal_type(done.plain())
reveal_type(done.inferred())
reveal_type(Base.plain)
done.size = ""
done.unknown


class Round(Shape):
    pass


Round()
Round().doubled()
Round().body_only()
shape: Shape = Square()
bad_shape: Shape = done
reveal_type(Square().doubled())
reveal_type(Square().x)
pair = Pair(1, 2)
reveal_type(pair)
reveal_type(pair.swapped())
reveal_type(Color.RED)
reveal_type(Color.RED.label())
reveal_type(Color.RED.value)
reveal_type(Color.BLUE)
point = Point(1, tag="")
reveal_type(point)
reveal_type(point.moved(1))
reveal_type(point.x)
Point("")
options: Options = {"depth": "", "other": 1}
reveal_type(Twice)
reveal_type(Twice().which())
twice: int = first_twice()
reveal_type(first_twice())
class_twice: type[int] = Twice
reveal_type(outer())
reveal_type(nested(1))
reveal_type(nested(1).method())
wrong_nested: str = nested(1)
reveal_type(len(WithMeta))
reveal_type(WithMeta(1))
with_meta = WithMeta.__new__(WithMeta, 1)
reveal_type(with_meta.something)
reveal_type(with_meta.x)
reveal_type([item for item in with_meta])
reveal_type(with_meta == 1)
if with_meta:
    reveal_type(with_meta)
with with_meta as entered:
    reveal_type(entered)
    swallowed = 1
reveal_type(swallowed)
with opened("") as path:
    reveal_type(path)


async def run() -> None:
    async with with_meta as entered:
        reveal_type(entered)
    async for item in with_meta:
        reveal_type(item)
    async for item in stream(1):
        reveal_type(item)
    async for item in await no_stream(1):
        reveal_type(item)
    async with opened_later("") as path:
        reveal_type(path)
    reveal_type(await Uses().awaits())


reveal_type(Uses().slot)
reveal_type(Uses().a)
reveal_type(Uses().b)
reveal_type(Uses().x)
Uses().slot = ""


def after() -> int:
    if annotated(1):
        never()
    else:
        return 1


def unreachable() -> None:
    never()
    print(1)
