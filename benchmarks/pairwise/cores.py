# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether processors were cores of their own while something was measured on several threads.

Those of a virtual machine at times share one core, for seconds. What a loop of multiply-adds gains from more threads
tells: where that is too little, whatever was measured beside it is measured again, some times at most. Which try is kept
is decided by the loop alone, and a case for which none was good is marked, not left out.
"""

from pairwise import turns

# On two threads beside one, where each has a core: 1.6 to 2.
LEAST_SCALING = 1.5
MOST_TRIES = 3


class Cores:
    def __init__(self, loop, threads, tries, say):
        """`loop(count)` gives a worker that runs the loop on so many of `threads`, numbers of them."""
        self.loop, self.fewest, self.most, self.tries, self.say = loop, min(threads), max(threads), tries, say

    def add_loops(self, workers):
        """Adds those that tell, by (turns.MULTIPLY_ADDS, threads), to the workers that take turns; their names."""
        names = [(turns.MULTIPLY_ADDS, count) for count in sorted({self.fewest, self.most})]
        for name in names:
            workers[name] = self.loop(name[1])
        return names

    def gained(self, times):
        """What the loop gained, of {(turns.MULTIPLY_ADDS, threads): Timed} and more; None where there is one number of
        threads."""
        if self.fewest == self.most:
            return None
        return turns.scaling(times, turns.MULTIPLY_ADDS, self.fewest, self.most)

    def guarded(self, title, measure):
        """`measure()` gives what it measured and what the loop gained meanwhile: both, of the try in which that was most."""
        tries = []
        for _ in range(self.tries):
            tries.append(measure())
            if not shared(tries[-1][1]):
                break
            self.say("  %s: processors shared a core (a loop gained %.2f)" % (title, tries[-1][1]))
        return max(tries, key=lambda one: one[1] or 0)

    def beside(self, title, measure):
        """The same for a program that cannot take turns with the loop, which runs before it and after it."""
        def once():
            before = self._gain()
            found = measure()
            after = self._gain()
            return found, None if before is None else min(before, after)
        return self.guarded(title, once)

    def _gain(self):
        if self.fewest == self.most:
            return None
        workers = {}
        try:
            self.add_loops(workers)
            return self.gained(turns.in_turns(workers, 0.1, 3))
        finally:
            for worker in workers.values():
                worker.close()


def shared(gained):
    return gained is not None and gained < LEAST_SCALING


def mark(title, gained):
    """The title, with what the loop gained where that was too little."""
    return "%s (loop %.2f)" % (title, gained) if shared(gained) else title


def legend(gains):
    """Lines that say what the mark means, where one of these was marked."""
    if not any(shared(gained) for gained in gains):
        return []
    return ["", "(loop 1.2): a loop of multiply-adds gained no more than that from the other threads, in the best of the tries: "
            "processors shared a core."]
