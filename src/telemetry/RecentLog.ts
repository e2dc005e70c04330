import { Context, type LogLevel } from "effect"
import { isTrouble, type LogLine, messageOf } from "./LogLine.ts"

/** A line of level Warn or above. */
export interface Entry {
  /** 1 for the first of this process, and one more for each. */
  readonly seq: number
  readonly atMillis: number
  readonly level: LogLevel.LogLevel
  /** With the number of those it stands for, where it stands for several. */
  readonly message: string
  readonly exchange?: string
  readonly symbol?: string
  readonly dataType?: string
  /** How many events it stands for. */
  readonly count: number
}

/** How many lines are kept. */
export const capacity = 200

/** The last lines of level Warn and above, for those who ask this process how it is. */
export class RecentLog extends Context.Service<RecentLog, {
  /** The number of the last line; 0 where there was none. */
  readonly latest: () => number
  /** What is kept of the lines after number `seq`, oldest first; all of it for 0. */
  readonly newerThan: (seq: number) => ReadonlyArray<Entry>
}>()("ticklake/RecentLog") {}

const textOf = (value: unknown): string | undefined => value === undefined ? undefined : String(value)

const entryOf = (seq: number, line: LogLine): Entry => {
  const exchange = textOf(line.annotations["exchange"])
  const symbol = textOf(line.annotations["symbol"])
  const dataType = textOf(line.annotations["data_type"])
  return {
    seq,
    atMillis: line.atMillis,
    level: line.level,
    message: messageOf(line),
    ...(exchange === undefined ? {} : { exchange }),
    ...(symbol === undefined ? {} : { symbol }),
    ...(dataType === undefined ? {} : { dataType }),
    count: line.count
  }
}

/** The service, and what fills it. */
export const make = () => {
  const entries: Array<Entry> = []
  let latest = 0
  return {
    add: (line: LogLine): void => {
      if (!isTrouble(line.level)) return
      entries.push(entryOf(++latest, line))
      if (entries.length > capacity) entries.shift()
    },
    service: RecentLog.of({
      latest: () => latest,
      newerThan: (seq) => entries.filter((entry) => entry.seq > seq)
    })
  }
}
