/** CPU in cores, for example "1 CPU", "0.5 CPU". */
export function humanCPU(millis: number): string {
  return `${short(millis / 1000)} CPU`
}

/** Memory, for example "512 MiB", "1.5 GiB". */
export function humanMemory(mib: number): string {
  return mib < 1024 ? `${mib} MiB` : `${short(mib / 1024)} GiB`
}

/** Storage, for example "10 GiB", "2 TiB". */
export function humanStorage(gib: number): string {
  return gib < 1024 ? `${gib} GiB` : `${short(gib / 1024)} TiB`
}

/** A size in full, for example "1 CPU, 512 MiB of memory and 10 GiB of storage". */
export function humanSize(size: { cpu_millis: number; memory_mib: number; storage_gib: number }): string {
  return `${humanCPU(size.cpu_millis)}, ${humanMemory(size.memory_mib)} of memory and ${humanStorage(size.storage_gib)} of storage`
}

function short(n: number): string {
  return String(Math.round(n * 100) / 100)
}
