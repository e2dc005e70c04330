import { Effect, FileSystem, Layer, PlatformError } from "effect"
import { NodeFileSystem } from "@effect/platform-node"

/** What fails, changed by a test while the code under test runs. */
export interface Faults {
  /** Bytes that may still be written; a write beyond that leaves a part behind and fails as on a full disk. */
  roomBytes: number
  /** Methods of the file system or of an open file that fail. */
  readonly failing: Set<"open" | "sync" | "truncate" | "rename" | "link" | "makeDirectory">
  /** Awaited before each write. */
  beforeWrite: Effect.Effect<void>
  /** Awaited before each link. */
  beforeLink: Effect.Effect<void>
  /** Files that stand on another file system than what they would be linked to. */
  refusedLinks: (from: string) => boolean
  /** What was done that the order of matters for what a power loss leaves: `write`, `sync`, `link`, `rename` and the path. */
  readonly done: Array<string>
}

export const make = (): Faults => ({
  roomBytes: Infinity,
  failing: new Set(),
  beforeWrite: Effect.void,
  beforeLink: Effect.void,
  refusedLinks: () => false,
  done: []
})

const fault = (method: string, description: string) =>
  Effect.fail(PlatformError.systemError({ _tag: "Unknown", module: "FileSystem", method, description }))

/** The real file system with `faults`. */
export const layer = (faults: Faults): Layer.Layer<FileSystem.FileSystem> =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (fs) => {
      const guarded =
        <A>(method: "open" | "sync" | "truncate" | "rename" | "link" | "makeDirectory") =>
        (self: Effect.Effect<A, PlatformError.PlatformError>): Effect.Effect<A, PlatformError.PlatformError> =>
          Effect.suspend(() => faults.failing.has(method) ? fault(method, "EIO: i/o error") : self)
      const noted = <A>(what: string, self: Effect.Effect<A, PlatformError.PlatformError>) =>
        Effect.tap(self, () => Effect.sync(() => faults.done.push(what)))
      const write = <A>(
        bytes: Uint8Array,
        some: (part: Uint8Array) => Effect.Effect<A, PlatformError.PlatformError>
      ): Effect.Effect<A, PlatformError.PlatformError> =>
        Effect.suspend(() => {
          if (bytes.length <= faults.roomBytes) {
            faults.roomBytes -= bytes.length
            return some(bytes)
          }
          const part = bytes.subarray(0, faults.roomBytes)
          faults.roomBytes = 0
          return Effect.andThen(some(part), fault("write", "ENOSPC: no space left on device"))
        })
      const faultyFile = (path: string, file: FileSystem.File): FileSystem.File => ({
        [FileSystem.FileTypeId]: FileSystem.FileTypeId,
        stat: file.stat,
        seek: (offset, from) => file.seek(offset, from),
        sync: guarded<void>("sync")(noted(`sync ${path}`, file.sync)),
        read: (buffer, options) => file.read(buffer, options),
        readAlloc: (size, options) => file.readAlloc(size, options),
        truncate: (length = 0) =>
          guarded<void>("truncate")(Effect.gen(function*() {
            const { size } = yield* file.stat
            yield* file.truncate(length)
            faults.roomBytes += Number(size) - length
          })),
        write: (bytes) =>
          Effect.andThen(faults.beforeWrite, write(bytes, (part) => noted(`write ${path}`, file.write(part)))),
        writeAll: (bytes) =>
          Effect.andThen(faults.beforeWrite, write(bytes, (part) => noted(`write ${path}`, file.writeAll(part))))
      })
      return FileSystem.FileSystem.of({
        ...fs,
        open: (path, options) =>
          faults.failing.has("open")
            ? fault("open", "EIO: i/o error")
            : Effect.map(fs.open(path, options), (file) => faultyFile(path, file)),
        rename: (from, to) => guarded<void>("rename")(noted(`rename ${to}`, fs.rename(from, to))),
        link: (from, to) =>
          faults.refusedLinks(from)
            ? fault("link", "EXDEV: cross-device link not permitted")
            : Effect.andThen(faults.beforeLink, guarded<void>("link")(noted(`link ${to}`, fs.link(from, to)))),
        makeDirectory: (path, options) => guarded<void>("makeDirectory")(fs.makeDirectory(path, options))
      })
    })
  ).pipe(Layer.provide(NodeFileSystem.layer))
