"""Fetches pictures for dripping.test.ts: `dripping_pictures.py URL TIMES`. It says what has become of each."""

import asyncio
import sys

from thingscope import pictures


async def main(url: str, times: int) -> None:
    for _ in range(times):
        try:
            await pictures.Pictures(1).fetch(url, {})
        except pictures.Refused as refused:
            print(f"Refused: {refused.status}")
        except OSError as error:
            print(f"{type(error).__name__}: {error}")


pictures.WHOLE_S = 0.3
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
