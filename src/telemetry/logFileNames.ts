const dayMillis = 86_400_000

/** The day of a moment, UTC, as it stands in a name. */
export const dayOf = (atMillis: number): string => new Date(atMillis).toISOString().slice(0, 10)

/** Milliseconds from a moment to the end of its day, UTC. */
export const millisLeftOf = (atMillis: number): number => dayMillis - atMillis % dayMillis

/** The first file of a day is `ticklake.2026-11-22.log`, and those after it `ticklake.2026-11-22.1.log` and so on. */
export const format = (day: string, index: number): string =>
  index === 0 ? `ticklake.${day}.log` : `ticklake.${day}.${index}.log`

/** Day and number of a name that `format` makes; null for every other name. */
export const parse = (name: string): { readonly day: string; readonly index: number } | null => {
  const [, day, index] = /^ticklake\.(\d{4}-\d{2}-\d{2})(?:\.([1-9]\d{0,8}))?\.log$/.exec(name) ?? []
  if (day === undefined || !isDay(day)) return null
  return { day, index: index === undefined ? 0 : Number(index) }
}

const isDay = (day: string): boolean => {
  const millis = Date.parse(day)
  return Number.isFinite(millis) && dayOf(millis) === day
}
