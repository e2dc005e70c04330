import type { Problem } from "./ConfigError.ts"
import { defaults } from "./ConfigFile.ts"
import type { Readable } from "./Readable.ts"

/** What the file may say and this version cannot do yet. */
export const unavailable = (file: Readable): ReadonlyArray<Problem> => {
  const mode = file.storage?.mode ?? defaults.storage.mode
  return mode === "local" ? [] : [{
    path: "storage.mode",
    expected: "local: this version moves sealed files to storage.local_path; upload to S3 is not available yet",
    instead: "write mode = \"local\""
  }]
}
