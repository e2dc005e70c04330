import { idOf } from "./numericId.ts"

/** The ids between which trades are wanted, both exclusive. */
export interface Bounds {
  readonly after: bigint
  readonly before: bigint
}

/** How far a page has come. */
export interface Turn {
  readonly next: string | null
  readonly complete: boolean
}

/**
 * Says how far the request `url` has come whose page holds `ids`, lowest first, or why nothing of that page can be used. Each turn gets
 * nearer to the end.
 */
export type Turning = (bounds: Bounds, url: string, ids: ReadonlyArray<bigint>) => Turn | string

/**
 * Where ids do not follow each other, only a list that has the trade after the gap, or a newer one, is known to have what was before it: a
 * venue's list may lag behind its stream.
 */
export const lagging = "the venue does not list the trade after the gap yet"

// A fragment is never sent: it remembers that this page or one before it had a hole.
const holeMark = "#hole"

const hasHole = (url: string): boolean => url.endsWith(holeMark)

/** The id at `parameter` of a URL. */
export const cursorOf = (url: string, parameter: string): bigint | null =>
  idOf(URL.parse(url)?.searchParams.get(parameter) ?? "")

/** The URL with another value of `parameter`. */
export const withParameter = (url: string, parameter: string, value: string): string => {
  const other = new URL(url)
  other.searchParams.set(parameter, value)
  return other.href
}

/** Whether `ids`, lowest first, hold every number between the two bounds. */
const isDense = (ids: ReadonlyArray<bigint>, after: bigint, before: bigint): boolean => {
  let expected = after + 1n
  for (const id of ids) {
    if (id < expected) continue
    if (id !== expected || id >= before) break
    expected += 1n
  }
  return expected >= before
}

const following = (url: string, parameter: string, cursor: bigint, hole: boolean): Turn => {
  const [address = ""] = url.split("#")
  return { next: `${withParameter(address, parameter, String(cursor))}${hole ? holeMark : ""}`, complete: false }
}

const noFurther: Turn = { next: null, complete: false }

/** Pages of trades older than the cursor at `parameter`, where ids follow each other by one. */
export const olderPages = (parameter: string): Turning => ({ after, before }, url, ids) => {
  const cursor = cursorOf(url, parameter) ?? before
  const oldest = ids[0] ?? cursor
  const reached = oldest <= after + 1n
  const hole = hasHole(url) || !isDense(ids, reached ? after : oldest - 1n, cursor)
  if (reached) return { next: null, complete: !hole }
  // Also an empty page, or one that was asked for before.
  return oldest >= cursor ? noFurther : following(url, parameter, oldest, hole)
}

/** Pages of trades from the cursor at `parameter` on, where ids follow each other by one. */
export const newerPages = (parameter: string): Turning => ({ after, before }, url, ids) => {
  const cursor = cursorOf(url, parameter) ?? after + 1n
  const end = (ids.at(-1) ?? cursor - 1n) + 1n
  const reached = end >= before
  const hole = hasHole(url) || !isDense(ids, cursor - 1n, reached ? before : end)
  if (reached) return { next: null, complete: !hole }
  return end <= cursor ? noFurther : following(url, parameter, end, hole)
}
