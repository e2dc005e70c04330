import { ByteSize, Effect, FileSystem, Layer, Option, PlatformError } from "effect"
import { dirname, relative } from "node:path"

/** A number from 0 to 1. */
export type Chance = () => number

type ContentChange = { readonly at: number; readonly bytes: Buffer } | { readonly length: number }

interface Inode {
  /** What every reader sees while the machine runs. */
  content: Buffer
  /** What the disk has for certain. */
  synced: Buffer
  /** Writes since then, which a crash may keep, lose or tear, each by itself. */
  changes: Array<ContentChange>
}

/** One change of names; a rename is one change of two. */
interface NameChange {
  readonly paths: ReadonlyArray<string>
  readonly apply: (names: Map<string, Inode | "folder">) => void
}

const fault = (tag: "NotFound" | "AlreadyExists", method: string, pathOrDescriptor: string) =>
  Effect.fail(PlatformError.systemError({ _tag: tag, module: "FileSystem", method, pathOrDescriptor }))

/** Ends everything that is under way, like a loss of power. */
export class PowerLoss extends Error {}

const changed = (content: Buffer, change: ContentChange): Buffer => {
  const length = "length" in change ? change.length : Math.max(content.length, change.at + change.bytes.length)
  const grown = Buffer.alloc(length)
  content.copy(grown)
  if ("bytes" in change) change.bytes.copy(grown, change.at)
  return grown
}

/**
 * Files in memory that know what the disk has and what only the machine has. A crash keeps of all writes and changes of names
 * since the last fsync of their file or folder what chance decides: each whole, torn at any byte, or not at all, in any
 * combination, except that a name's own changes come in their order and a rename happens wholly or not at all.
 */
export class SimulatedDisk {
  #names = new Map<string, Inode | "folder">([["/", "folder"]])
  #syncedNames = new Map<string, Inode | "folder">([["/", "folder"]])
  #nameChanges: Array<NameChange> = []
  /** Changes and fsyncs so far. */
  operations = 0
  /** The power fails at this operation. */
  failAt = Infinity
  /** It fails before anything else happens, where this holds for a path that was just removed or renamed to. */
  failAfter: (path: string) => boolean = () => false
  /** True from then on, until `kill` or `crash` lets the next process begin. */
  off = false

  /** The files below `folder` now, by relative path. */
  files(folder: string): Map<string, Buffer> {
    const found = new Map<string, Buffer>()
    for (const [path, inode] of this.#names) {
      if (inode !== "folder" && path.startsWith(`${folder}/`)) found.set(relative(folder, path), inode.content)
    }
    return found
  }

  /** Puts `content` in place, known to the disk. */
  put(path: string, content: Buffer): void {
    this.#names.set(path, { content, synced: content, changes: [] })
    this.#syncedNames.set(path, this.#names.get(path)!)
  }

  /** Takes a file away, for good. */
  forget(path: string): void {
    this.#names.delete(path)
    this.#syncedNames.delete(path)
  }

  /** The process is killed: what it wrote stays with the machine, known to the disk or not. */
  kill(): void {
    this.off = false
    this.failAt = Infinity
    this.failAfter = () => false
  }

  /** The power is gone and back: what was not synced is there or not as `chance` says. */
  crash(chance: Chance): void {
    const names = new Map(this.#syncedNames)
    const lost = new Set<string>()
    // Sometimes all of it was written anyway, sometimes nothing.
    const odds = chance() < 0.3 ? 1 : chance() < 0.2 ? 0 : chance()
    for (const change of this.#nameChanges) {
      if (change.paths.some((path) => lost.has(path)) || chance() >= odds) {
        for (const path of change.paths) lost.add(path)
      } else change.apply(names)
    }
    for (const [path] of names) if (!this.#reachable(names, path)) names.delete(path)
    for (const inode of new Set(names.values())) if (inode !== "folder") this.#settle(inode, chance, odds)
    this.#names = names
    this.#syncedNames = new Map(names)
    this.#nameChanges = []
    this.off = false
    this.failAt = Infinity
    this.failAfter = () => false
  }

  #reachable(names: Map<string, Inode | "folder">, path: string): boolean {
    const parent = dirname(path)
    return parent === path || (names.get(parent) === "folder" && this.#reachable(names, parent))
  }

  #settle(inode: Inode, chance: Chance, odds: number): void {
    let content = inode.synced
    for (const change of inode.changes) {
      if (chance() >= odds) continue
      if ("bytes" in change && chance() < 0.4) {
        const kept = Math.floor(chance() * (change.bytes.length + 1))
        // The size may have been written without the bytes.
        const torn = chance() < 0.5 ? Buffer.alloc(change.bytes.length) : change.bytes.subarray(0, kept)
        if (torn.length > kept) change.bytes.copy(torn, 0, 0, kept)
        content = changed(content, { at: change.at, bytes: Buffer.from(torn) })
      } else content = changed(content, change)
    }
    inode.content = inode.synced = content
    inode.changes = []
  }

  #operation(): void {
    this.operations++
    if (this.operations >= this.failAt) this.off = true
    if (this.off) throw new PowerLoss()
  }

  #rename(paths: ReadonlyArray<string>, apply: NameChange["apply"]): void {
    this.#operation()
    apply(this.#names)
    this.#nameChanges.push({ paths, apply })
  }

  #moved(path: string): void {
    if (this.failAfter(path)) this.failAt = this.operations + 1
  }

  #syncFolder(folder: string): void {
    const pending = this.#nameChanges
    const needed = new Set<NameChange>()
    const paths = new Set<string>()
    // A change takes those with it that it stands on.
    for (const change of pending.toReversed()) {
      // A rename is certain with the folder that it leads to: not every disk takes it along with the one that it left.
      if (dirname(change.paths.at(-1)!) === folder || change.paths.some((path) => paths.has(path))) {
        needed.add(change)
        for (const path of change.paths) paths.add(path)
      }
    }
    for (const change of pending) if (needed.has(change)) change.apply(this.#syncedNames)
    this.#nameChanges = pending.filter((change) => !needed.has(change))
  }

  #inode(path: string): Inode | null {
    const inode = this.#names.get(path)
    return inode === undefined || inode === "folder" ? null : inode
  }

  #change(inode: Inode, change: ContentChange): void {
    this.#operation()
    inode.content = changed(inode.content, change)
    inode.changes.push(change)
  }

  #open(path: string, flag: FileSystem.OpenFlag): Effect.Effect<FileSystem.File, PlatformError.PlatformError> {
    return Effect.suspend(() => {
      if (this.#names.get(path) === "folder") return Effect.succeed(this.#folderHandle(path))
      let inode = this.#inode(path)
      if (inode === null && flag.startsWith("r")) return fault("NotFound", "open", path)
      if (inode !== null && flag.includes("x")) return fault("AlreadyExists", "open", path)
      if (inode === null) {
        const created: Inode = { content: Buffer.alloc(0), synced: Buffer.alloc(0), changes: [] }
        inode = created
        this.#rename([path], (names) => names.set(path, created))
      } else if (flag.startsWith("w")) this.#change(inode, { length: 0 })
      return Effect.succeed(this.#handle(inode))
    })
  }

  #handle(inode: Inode): FileSystem.File {
    let position = 0
    const write = (bytes: Uint8Array) =>
      Effect.sync(() => {
        this.#change(inode, { at: position, bytes: Buffer.from(bytes) })
        position += bytes.length
        return bytes.length
      })
    return {
      [FileSystem.FileTypeId]: FileSystem.FileTypeId,
      stat: Effect.die("not simulated"),
      seek: (offset) =>
        Effect.sync(() => {
          position = Number(offset)
          return offset
        }),
      sync: Effect.sync(() => {
        this.#operation()
        inode.synced = inode.content
        inode.changes = []
      }),
      read: (buffer, options) =>
        Effect.sync(() => {
          const from = Math.min(Number(options?.position ?? position), inode.content.length)
          return inode.content.copy(buffer, 0, from, from + buffer.length)
        }),
      readAlloc: () => Effect.succeedNone,
      truncate: (length = 0) => Effect.sync(() => this.#change(inode, { length })),
      write,
      writeAll: (bytes) => Effect.asVoid(write(bytes))
    }
  }

  #folderHandle(path: string): FileSystem.File {
    return {
      ...this.#handle({ content: Buffer.alloc(0), synced: Buffer.alloc(0), changes: [] }),
      sync: Effect.sync(() => {
        this.#operation()
        this.#syncFolder(path)
      })
    }
  }

  /** The disk as the code under test sees it. */
  readonly fileSystem: FileSystem.FileSystem = FileSystem.makeNoop({
    open: (path, options) => this.#open(path, options?.flag ?? "r"),
    exists: (path) => Effect.sync(() => this.#names.has(path)),
    stat: (path) =>
      Effect.suspend(() => {
        const inode = this.#inode(path)
        return inode === null && !this.#names.has(path)
          ? fault("NotFound", "stat", path)
          : Effect.succeed(infoOf(inode === null ? "Directory" : "File", inode?.content.length ?? 0))
      }),
    readFile: (path) =>
      Effect.suspend(() => {
        const inode = this.#inode(path)
        return inode === null ? fault("NotFound", "readFile", path) : Effect.succeed(new Uint8Array(inode.content))
      }),
    writeFileString: (path, text) => Effect.flatMap(this.#open(path, "w"), (file) => file.writeAll(Buffer.from(text))),
    copyFile: (from, to) =>
      Effect.flatMap(this.#open(to, "w"), (file) => file.writeAll(this.#inode(from)?.content ?? Buffer.alloc(0))),
    readDirectory: (folder) =>
      Effect.sync(() =>
        [...this.#names.keys()].filter((path) => dirname(path) === folder).map((path) => relative(folder, path))
      ),
    makeDirectory: (path) =>
      Effect.sync(() => {
        if (!this.#names.has(path)) this.#rename([path], (names) => names.set(path, "folder"))
      }),
    remove: (path, options) =>
      Effect.suspend(() => {
        if (!this.#names.has(path)) return options?.force === true ? Effect.void : fault("NotFound", "remove", path)
        this.#rename([path], (names) => names.delete(path))
        this.#moved(path)
        return Effect.void
      }),
    rename: (from, to) =>
      Effect.suspend(() => {
        const inode = this.#names.get(from)
        if (inode === undefined) return fault("NotFound", "rename", from)
        this.#rename([from, to], (names) => {
          names.delete(from)
          names.set(to, inode)
        })
        this.#moved(to)
        return Effect.void
      })
  })

  readonly layer: Layer.Layer<FileSystem.FileSystem> = Layer.succeed(FileSystem.FileSystem, this.fileSystem)
}

const infoOf = (type: FileSystem.File.Type, bytes: number): FileSystem.File.Info => ({
  type,
  mtime: Option.none(),
  atime: Option.none(),
  birthtime: Option.none(),
  dev: 0n,
  ino: Option.none(),
  mode: 0,
  nlink: Option.none(),
  uid: Option.none(),
  gid: Option.none(),
  rdev: Option.none(),
  size: ByteSize.bytes(bytes),
  blksize: Option.none(),
  blocks: Option.none()
})
