import { RecentLooks } from "./RecentLooks.ts"
import type { SinkTotals } from "./RemovedStats.ts"
import { sumOver } from "./sumOver.ts"

const counters = ["rowsLost", "writeErrors"] as const
type Counter = (typeof counters)[number]

/** The last minute of what all series together lost and could not write: of feeds, and of their gaps. */
export class WriteHistory {
  readonly #all: () => ReadonlyArray<SinkTotals>
  readonly #looks = new RecentLooks(counters.length)

  /** `all` answers every series since the start, for what one of them lost is lost also when it is written no more. */
  constructor(all: () => ReadonlyArray<SinkTotals>) {
    this.#all = all
    this.sample()
  }

  /** Looks at the counters; to be called once a second. */
  sample(): void {
    const all = this.#all()
    this.#looks.take(counters.map((name) => sumOver(all, (stats) => stats[name])))
  }

  /** What `counter` has gained within the last minute. */
  lastMinute(counter: Counter): number {
    return this.#looks.lastMinute(counters.indexOf(counter))
  }
}
