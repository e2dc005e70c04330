import type { Shard } from "../domain/Shard.ts"
import type { Overrides } from "./Overrides.ts"
import type { FileFound } from "./readConfigFile.ts"
import type { Found } from "./variable.ts"

const wrong = (path: string, expected: string, instead: string): Found<never> => ({
  value: null,
  problems: [{ path, expected, instead }]
})

/**
 * Which of the processes this one is, by the environment and the file together; null for the only one. Where either has something
 * about it that cannot be read, that is told of already, and nothing can be said of the other.
 */
export const readShard = ({ problems, shard: file }: FileFound, environment: Found<Overrides>): Found<Shard> => {
  const { value: overrides } = environment
  const told = [...problems, ...environment.problems].some(({ path }) => /^(shard\b|SHARD_)/.test(path))
  if (told || file === null || overrides === null) return { value: null, problems: [] }
  const index = overrides.shardIndex ?? file?.index ?? null
  const count = overrides.shardCount ?? file?.count ?? null
  if (index === null && count === null) return { value: null, problems: [] }
  if (index === null) {
    return wrong(
      "shard.index",
      `to be set, since there are ${count} processes by shard.count or SHARD_COUNT`,
      "set SHARD_INDEX for each process to another number from 0 on, or remove the count to record everything with one process"
    )
  }
  if (count === null) {
    return wrong(
      "shard.count",
      `to be set, since this is process ${index} by shard.index or SHARD_INDEX`,
      "write count in [shard] or set SHARD_COUNT, the same for all processes, or remove the index to record everything with one"
    )
  }
  if (index >= count) {
    return wrong(
      overrides.shardIndex === null ? "shard.index" : "SHARD_INDEX",
      `less than the count, which is ${count}: the first process has the index 0, the last one ${count - 1}`,
      `raise the count to ${index + 1} for all processes, or give this one an index from 0 to ${count - 1}`
    )
  }
  return { value: { index, count }, problems: [] }
}
