import { isAbsolute, relative, resolve } from "node:path"

const holds = (outer: string, inner: string): boolean => {
  const way = relative(resolve(outer), resolve(inner))
  return way !== ".." && !way.startsWith("../") && !isAbsolute(way)
}

/** How the path of one folder stands to that of another; null where they are apart. */
export const relationOf = (one: string, other: string): "the same folder" | "inside it" | "around it" | null =>
  resolve(one) === resolve(other)
    ? "the same folder"
    : holds(other, one)
    ? "inside it"
    : holds(one, other)
    ? "around it"
    : null
