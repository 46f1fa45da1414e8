"""Which pool of blood is which chamber: by place, size and by what it opens into."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.segmentation.heart.pools import Pool, Pools

Spot = NDArray[np.float64]
WIDE_MM: Final = 11.0
ATRIUM_ML: Final = 35.0
VENTRICLE_ML: Final = 25.0
OPENING_MM2: Final = 60.0  # less is a leak through a thin wall
SAME_MM2: Final = 900.0  # no valve is so wide: parts of one chamber, parted by its papillary muscles
APPENDAGE_ML: Final = 32.0


@dataclass(frozen=True)
class Named:
    """Numbers of the pools of the left heart; empty tuples where none was found. ``why`` says it in words."""

    left_atrium: tuple[int, ...] = ()
    left_ventricle: tuple[int, ...] = ()
    aorta: tuple[int, ...] = ()
    why: str = ""


RIGHT: Final = ("right_atrium", "right_ventricle", "pulmonary_artery", "superior_vena_cava")


def name_pools(pools: Pools) -> Named:
    """Return which pool is which.

    The descending aorta is the rearmost wide pool; the left atrium the widest of those next in front of it; the left
    ventricle what the atrium opens into most widely towards the front; the aorta the shortest way from the ventricle to
    the descending aorta.
    """
    table = pools.table
    wide = [pool for pool in table.values() if pool.half_mm >= 7.0 and pool.volume_ml >= 8.0]
    if not wide:
        return Named(why="no pool of bright blood is as wide as a chamber")
    down = max(wide, key=lambda pool: pool.rear_mm)
    chambers = [pool for pool in wide if pool.volume_ml >= ATRIUM_ML and pool.half_mm >= WIDE_MM and pool is not down]
    if not chambers:
        return Named(why="no wide pool of bright blood lies in front of the descending aorta")
    atrium = max(chambers, key=lambda pool: pool.rear_mm + 2.0 * pool.half_mm)
    front = [pool for pool in table.values()
             if pool.volume_ml >= VENTRICLE_ML and pool.middle[1] < atrium.middle[1] - 10.0
             and pool.middle[0] < atrium.middle[0] + 5.0 and pool is not down]
    opens = [(pools.contact(atrium.number, pool.number), pool.number) for pool in front]
    area, ventricle = max(opens, default=(0.0, 0))
    if area < OPENING_MM2:
        return Named(left_atrium=_with_appendage(pools, atrium, ()),
                     why="nothing that the left atrium opens into is as bright as the atrium")
    left = (ventricle, *(n for n, meets in pools.neighbours(ventricle).items()
                         if meets > SAME_MM2 and n not in (atrium.number, down.number)))
    aorta = _aorta(pools, left, atrium.number, down)
    atrial = _with_appendage(pools, atrium, (*left, *aorta))
    return Named(atrial, left, aorta)


def _with_appendage(pools: Pools, atrium: Pool, others: tuple[int, ...]) -> tuple[int, ...]:
    """Return the pools of the atrium: itself and smaller ones that open into it more than into all others."""
    result = [atrium.number]
    for number, area in pools.neighbours(atrium.number).items():
        pool, meets = pools.table[number], pools.neighbours(number)
        # lung vessels and bone meet many; the appendage and a vein open into the atrium alone
        small = pool.volume_ml < APPENDAGE_ML and pool.half_mm < WIDE_MM + 2.0
        if number not in others and small and area > 30.0 and area > 0.6 * sum(meets.values()):
            result.append(number)
    return tuple(result)


def _aorta(pools: Pools, left: tuple[int, ...], atrium: int, down: Pool) -> tuple[int, ...]:
    """Return root, ascending, arch and descending aorta: the shortest way through wide openings; or what is in view."""
    cost = dict.fromkeys(left, 0.0)
    before: dict[int, int] = {}
    queue = [(0.0, number) for number in left]
    while queue:
        so_far, number = heapq.heappop(queue)
        for other, area in pools.neighbours(number).items():
            if other in (atrium, *left) or area < OPENING_MM2 or pools.table[other].half_mm < 6.0:
                continue
            # each pool counts, and a narrow way in counts more
            reach = so_far + 1.0 + 100.0 / area
            if reach < cost.get(other, float("inf")):
                cost[other], before[other] = reach, number
                heapq.heappush(queue, (reach, other))
    if down.number in cost:
        way = [down.number]
        while before[way[-1]] not in left:
            way.append(before[way[-1]])
        return tuple(way)
    # the arch is not in view: what the ventricle opens into upwards, and what goes on from there
    height = max(pools.table[number].middle[0] for number in left)
    roots = [(pools.contact(one, other), other) for one in left for other in pools.neighbours(one)
             if other not in (atrium, *left) and pools.table[other].middle[0] > height]
    area, root = max(roots, default=(0.0, 0))
    return (root, down.number) if area >= OPENING_MM2 else (down.number,)


def name_right_side(pools: Pools, atrium: Spot, ventricle: Spot) -> dict[str, int]:
    """Return the pools of the right heart by name, as far as contrast medium shows it.

    Parameters
    ----------
    pools : those of a scan from which the left heart and the aorta are taken out.
    atrium, ventricle : the middles of the left ones in mm [k, j, i].
    """
    free = [pool for pool in pools.table.values() if pool.half_mm >= 7.0 and pool.volume_ml >= 5.0]
    front = [pool for pool in free if pool.middle[1] < atrium[1] - 15.0 and pool.half_mm >= 9.0
             and pool.middle[0] < atrium[0] + 12.0 and pool.middle[2] > atrium[2] - 30.0]
    found = {"right_ventricle": max(front, key=lambda pool: pool.volume_ml, default=None)}
    rest = [pool for pool in free if pool is not found["right_ventricle"]]
    right = [pool for pool in rest if pool.middle[2] < min(atrium[2], ventricle[2]) - 10.0
             and pool.middle[0] < atrium[0] + 18.0 and pool.half_mm >= 9.0 and pool.middle[1] < atrium[1] + 10.0]
    found["right_atrium"] = max(right, key=lambda pool: pool.volume_ml, default=None)
    above = [pool for pool in rest if pool is not found["right_atrium"] and pool.middle[0] > atrium[0] + 8.0]
    beside = [pool for pool in above if pool.middle[2] < atrium[2] - 18.0]
    found["superior_vena_cava"] = min(beside, key=lambda pool: float(pool.middle[2]), default=None)
    over = [pool for pool in above
            if pool is not found["superior_vena_cava"] and pool.middle[2] > atrium[2] - 15.0]
    found["pulmonary_artery"] = max(over, key=lambda pool: pool.volume_ml, default=None)
    return {name: pool.number for name, pool in found.items() if pool is not None}
