import type parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { Effect } from "effect"
import { extentOf } from "./certificate.ts"
import type { FileBytes, UnsoundFile } from "./footer.ts"
import { endChunks, idsOfEnds } from "./idsOfEnds.ts"
import { fromFooter } from "./rowGroupMetadata.ts"

/** What a file says of itself that its rows do not show; null where all holds, or where it says nothing, as earlier versions did. */
export const contradiction = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  { key_value_metadata, row_groups }: parquet.FileMetaData
): Effect.fn.Return<string | null, E | UnsoundFile> {
  const said = new Map((key_value_metadata ?? []).map(({ key, value }) => [key, value]))
  const groups = row_groups.map(fromFooter)
  const chunks = endChunks(groups)
  if (!said.has("ticklake.rows") || chunks === null) return null
  const ids = said.has("ticklake.first_id") ? yield* idsOfEnds(file, chunks) : null
  const shown = {
    ...extentOf(groups),
    ...(ids === null ? {} : { "ticklake.first_id": ids.first, "ticklake.last_id": ids.last })
  }
  for (const [key, value] of Object.entries(shown)) {
    if (said.get(key) !== value) return `it says ${key} = ${said.get(key) ?? "nothing"}, and its rows show ${value}`
  }
  return null
})
