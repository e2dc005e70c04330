import type { Problem } from "./ConfigError.ts"
import { defaults } from "./defaults.ts"
import { relationOf } from "./folderRelation.ts"
import type { Readable } from "./Readable.ts"

/** The written value, the default where nothing is written, or null where what is written cannot be used. */
const valueOr = <A>(written: A | null | undefined, byDefault: A): A | null =>
  written === undefined ? byDefault : written

const retryDelays = (file: Readable, table: "websocket" | "upload"): ReadonlyArray<Problem> => {
  const written = file[table]
  const initial = valueOr(written?.initial_retry_delay_secs, defaults[table].initial_retry_delay_secs)
  const max = valueOr(written?.max_retry_delay_secs, defaults[table].max_retry_delay_secs)
  if (initial === null || max === null || initial <= max) return []
  return [{
    path: `${table}.initial_retry_delay_secs`,
    expected: `at most ${table}.max_retry_delay_secs, which is ${max}`,
    instead: `write initial_retry_delay_secs = ${max} or less, or max_retry_delay_secs = ${initial} or more`
  }]
}

const folders = (file: Readable, override: string | null): ReadonlyArray<Problem> => {
  const dataDir = override ?? valueOr(file.storage?.data_dir, defaults.storage.data_dir)
  const localPath = valueOr(file.storage?.local_path, defaults.storage.local_path)
  // Sealed files are not moved in this mode, so local_path means nothing.
  if (dataDir === null || localPath === null || file.storage?.mode === "s3") return []
  const relation = relationOf(localPath, dataDir)
  return relation === null ? [] : [{
    path: "storage.local_path",
    expected: `a folder apart from ${override === null ? "storage.data_dir" : "DATA_DIR"}, but it is ${relation}`,
    instead: override === null
      ? "write for example data_dir = \"data/parquet\" and local_path = \"data/archive\""
      : "set DATA_DIR to another folder, or unset it to use storage.data_dir of the file"
  }]
}

const endpoint = (file: Readable): ReadonlyArray<Problem> => {
  const written = file.aws?.endpoint
  if (typeof written !== "string") return []
  const url = URL.parse(written)
  const path = "aws.endpoint"
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return [{
      path,
      expected: "an http:// or https:// URL",
      instead: "write for example endpoint = \"http://127.0.0.1:8333\""
    }]
  }
  if (url.username !== "" || url.password !== "") {
    return [{
      path,
      expected: "a URL without credentials",
      instead: "remove what stands before the @, and set AWS_ACCESS_KEY and AWS_SECRET_KEY"
    }]
  }
  return url.search === "" && url.hash === "" ? [] : [{
    path,
    expected: "a URL without a query",
    instead: "remove the ? or # and what follows"
  }]
}

/** What no value shows by itself, outside of the markets; `dataDir` is the one that the environment sets in place of the file's. */
export const crossChecks = (file: Readable, dataDir: string | null): ReadonlyArray<Problem> => [
  ...retryDelays(file, "websocket"),
  ...retryDelays(file, "upload"),
  ...folders(file, dataDir),
  ...endpoint(file)
]
