/** A stretch of time, microseconds since the epoch; of no length where both ends are the same moment. */
export interface Span {
  readonly from: number
  readonly to: number
}

const hourMicros = 3_600_000_000

/** The hour that a moment is in, counted from the epoch. */
export const hourOf = (micros: number): number => Math.floor(micros / hourMicros)

/** When an hour begins. */
export const startOfHour = (hour: number): number => hour * hourMicros

/** The last hour of which a span has a part; an end on the hour is no part of the hour that begins there. */
export const lastHourOf = ({ from, to }: Span): number => hourOf(to > from ? to - 1 : to)

/** Whether two spans have a moment in common. */
export const meet = (one: Span, other: Span): boolean => one.from <= other.to && other.from <= one.to

/** Answers whether a span meets any of many others, without a look at each of them. */
export const meeting = (spans: ReadonlyArray<Span>): (span: Span) => boolean => {
  const sorted = spans.toSorted((a, b) => a.from - b.from)
  const latestEnds: Array<number> = []
  for (const { to } of sorted) latestEnds.push(Math.max(to, latestEnds.at(-1) ?? -Infinity))
  return ({ from, to }) => {
    let begun = 0
    let end = sorted.length
    while (begun < end) {
      const middle = (begun + end) >>> 1
      if ((sorted[middle]?.from ?? Infinity) <= to) begun = middle + 1
      else end = middle
    }
    return (latestEnds[begun - 1] ?? -Infinity) >= from
  }
}

/** The part of `span` that is in `within`, whose end is no part of it; null where there is none. */
export const clip = (span: Span, within: Span): Span | null => {
  const from = Math.max(span.from, within.from)
  const to = Math.min(span.to, within.to)
  return from > to || from === within.to || (from === to && span.from !== span.to) ? null : { from, to }
}

/** The stretches of `whole` that are in none of `parts`. */
export const without = (whole: Span, parts: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  const left: Array<Span> = []
  let at = whole.from
  for (const { from, to } of parts.toSorted((a, b) => a.from - b.from)) {
    if (at >= whole.to) break
    if (from > at) left.push({ from: at, to: Math.min(from, whole.to) })
    at = Math.max(at, to)
  }
  if (at < whole.to) left.push({ from: at, to: whole.to })
  return left
}
