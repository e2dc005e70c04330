/** Gaps that one run of the recorder found in one feed, by the numbers that it gave them, both ends included. */
export interface GapIds {
  readonly run: string
  readonly first: number
  readonly last: number
}

/** The id of the gap with that number. A run counts from 1 on and leaves no number out, so that one that nobody tells of is known. */
export const idOf = (run: string, number: number): string => `${run}-${number}`

/** What an id is made of; null where it is none of a whole gap: a part that was split off has an id of another form. */
export const parse = (id: string): { readonly run: string; readonly number: number } | null => {
  const [, run, number] = /^(\w+-\d+)-(\d{1,15})$/.exec(id) ?? []
  return run === undefined || number === undefined ? null : { run, number: Number(number) }
}

/** The ids from `first` to `last`; null where they are not those of one run in their order. */
export const between = (first: string, last: string): GapIds | null => {
  const from = parse(first)
  const to = parse(last)
  if (from === null || to === null || from.run !== to.run || from.number > to.number) return null
  return { run: to.run, first: from.number, last: to.number }
}

/** The gaps after the oldest of `known`, null where there was none yet, up to `newest`; null where there are none. */
export const since = (known: ReadonlyArray<string | null>, newest: string | null): GapIds | null => {
  const last = parse(newest ?? "")
  if (last === null) return null
  const before = known.map((id) => parse(id ?? "")).map((each) => each?.run === last.run ? each.number : 0)
  const first = Math.min(...before) + 1
  return first > last.number ? null : { run: last.run, first, last: last.number }
}
