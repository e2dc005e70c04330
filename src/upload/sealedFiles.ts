import { Effect, type FileSystem, type PlatformError } from "effect"

const sealed = /^[^/.][^/]*\/[^/.][^/]*\/(?:orderbook|trade)\/(?:[^/.][^/]*\/)?(\d{4}-\d{2}-\d{2})\/(\d+)\.parquet$/

/** True for the path of a sealed file relative to the data folder; nothing else there is ever stored or removed. */
export const isSealedPath = (relativePath: string): boolean => sealed.test(relativePath)

/** The sealed files below `dataDir`, as relative paths, oldest first; none when there is no such folder. */
export const list = (
  fs: FileSystem.FileSystem,
  dataDir: string
): Effect.Effect<ReadonlyArray<string>, PlatformError.PlatformError> =>
  fs.readDirectory(dataDir, { recursive: true }).pipe(
    Effect.map((paths) => paths.filter(isSealedPath).toSorted((a, b) => firstRowMillis(a) - firstRowMillis(b))),
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([]))
  )

/** When a sealed file begins, milliseconds since the epoch, by its name. */
export const firstRowMillis = (relativePath: string): number => Number(sealed.exec(relativePath)?.[2])
