import { CopyButton } from '@/components/copy-button'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { humanCPU, humanMemory } from '@/lib/size'

type Instance = Schema<'Instance'>

/** What to know of an instance beside its name: what it waits for, what is wrong, or what people call it. */
export function Note({ instance }: { instance: Instance }) {
  const { message, purge_at: purgeAt, health_message: trouble, state, display_name: title } = instance
  const line = 'text-sm wrap-anywhere text-ink-faint'
  if (state === 'trashed' && purgeAt) {
    return (
      <p className={line}>
        Removed for good <RelativeTime at={purgeAt} ahead />
      </p>
    )
  }
  const text = message ?? (state === 'running' ? trouble : undefined)
  if (text) return <p className={`line-clamp-2 ${line}`}>{text}</p>
  return title ? <p className={`truncate ${line}`}>{title}</p> : null
}

/** Where clients reach an instance. */
export function Endpoint({ instance: { name, endpoint } }: { instance: Instance }) {
  if (!endpoint) return <span className="text-ink-faint">–</span>
  const address = `${endpoint.host}:${endpoint.port}`
  return (
    <span className="flex items-center gap-1">
      <code className="truncate font-mono text-sm text-ink-soft" title={address}>
        {address}
      </code>
      <CopyButton
        text={address}
        what={`endpoint of ${name}`}
        className="opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-100"
      />
    </span>
  )
}

/** The tags of an instance, as "name=value". */
export function Tags({ instance: { tags } }: { instance: Instance }) {
  const all = Object.keys(tags)
    .sort()
    .map((name) => (tags[name] ? `${name}=${tags[name]}` : name))
  if (all.length === 0) return <span className="text-ink-faint">–</span>
  return (
    <span className="line-clamp-2 text-sm wrap-anywhere" title={all.join('\n')}>
      {all.join(', ')}
    </span>
  )
}

/** Whether an instance can be reached from outside of where instances live, in a word. */
export function reachOf(instance: Instance): string {
  return instance.public ? 'Publicly' : 'Internally'
}

/** The processor and memory of an instance. */
export function computeOf({ cpu_millis: cpu, memory_mib: memory }: Instance): string {
  return `${humanCPU(cpu)} · ${humanMemory(memory)}`
}

/** "18.4" of "18.4 (Debian 18.4-1)", or the major version until it is known. */
export function shortVersion({ server_version: full, version }: Instance): string {
  return /^\d+(\.\d+)?/.exec(full ?? '')?.[0] ?? String(version)
}
