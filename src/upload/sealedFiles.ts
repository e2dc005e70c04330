import { Effect, type FileSystem, type Path, type PlatformError } from "effect"

/** A sealed file, by its name. */
export interface SealedFile {
  /** Relative to the data folder; also its key in the store. */
  readonly path: string
  /** When it begins, milliseconds since the epoch. */
  readonly millis: number
}

/** A folder whose files are not known. */
export interface Unreadable {
  readonly folder: string
  readonly cause: PlatformError.PlatformError
}

/** What a search of the data folder has found. */
export interface Found {
  /** Oldest first. */
  readonly files: ReadonlyArray<SealedFile>
  /** Their paths, for whoever asked to keep and to change. */
  readonly paths: Set<string>
  readonly unreadable: ReadonlyArray<Unreadable>
}

const segment = "[^/.][^/]*"
const date = "\\d{4}-\\d{2}-\\d{2}"
const sealed = new RegExp(`^${segment}/${segment}/(?:orderbook|trade|gap)/(?:${segment}/)?${date}/(\\d+)\\.parquet$`)
/** Every folder that a sealed file can stand in or below; the last part, where it is there, is a server's name or a date. */
const above = new RegExp(`^${segment}(?:/${segment}(?:/(?:orderbook|trade|gap)(?:/${segment}(?:/${date})?)?)?)?$`)
/** Where files wait for somebody to look at them: as many as there are, none is searched for. */
const quarantine = "quarantine"

/** What the path of a sealed file relative to the data folder tells; null for any other, which is never stored or removed. */
export const parse = (path: string): SealedFile | null => {
  const millis = sealed.exec(path)?.[1]
  return millis === undefined ? null : { path, millis: Number(millis) }
}

/** Which of two files is stored first: the older one. */
export const byAge = (a: SealedFile, b: SealedFile): number =>
  a.millis - b.millis || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

/** What the names show to be no folder is not opened; what opens as none is somebody's file. */
const isNoFolder = ({ reason }: PlatformError.PlatformError): boolean =>
  reason._tag === "NotFound" || reason.cause instanceof Error && "code" in reason.cause
    && reason.cause.code === "ENOTDIR"

/** The sealed files below `dataDir`, none when there is no such folder. A folder below it that cannot be read hides only its own. */
export const search = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  path: Path.Path,
  dataDir: string
): Effect.fn.Return<Found, PlatformError.PlatformError> {
  const files: Array<SealedFile> = []
  const paths = new Set<string>()
  const unreadable: Array<Unreadable> = []
  const folders: Array<string> = []
  const take = (folder: string, names: ReadonlyArray<string>) => {
    const here: Array<SealedFile> = []
    for (const name of names) {
      const relativePath = folder === "" ? name : `${folder}/${name}`
      const file = parse(relativePath)
      if (file !== null) here.push(file)
      else if (above.test(relativePath) && relativePath !== quarantine) folders.push(relativePath)
    }
    // Folder by folder, with other work in between, so that at the end little is left to be sorted.
    for (const file of here.toSorted(byAge)) {
      files.push(file)
      paths.add(file.path)
    }
  }
  take(
    "",
    yield* fs.readDirectory(dataDir).pipe(
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([]))
    )
  )
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const names = yield* Effect.result(fs.readDirectory(path.join(dataDir, folder)))
    if (names._tag === "Success") take(folder, names.success)
    else if (!isNoFolder(names.failure)) unreadable.push({ folder, cause: names.failure })
  }
  return { files: files.toSorted(byAge), paths, unreadable }
})
