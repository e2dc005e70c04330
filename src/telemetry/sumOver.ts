/** One number over the counters of many feeds or series. */
export const sumOver = <Stats>(all: ReadonlyArray<Stats>, of: (stats: Stats) => number): number =>
  all.reduce((total, stats) => total + of(stats), 0)
