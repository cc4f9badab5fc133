import { Link } from '@tanstack/react-router'

import { CopyButton } from '@/components/copy-button'
import { RelativeTime } from '@/components/relative-time'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'
import { humanCPU, humanMemory, humanStorage } from '@/lib/size'

import { StateBadge } from './state-badge'

const cell = 'px-3 py-2.5 first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5'
const heading = `${cell} text-left text-sm font-medium text-ink-faint`

/** Instances as rows. On a phone, what fits stands below the name. */
export function InstanceTable({ instances }: { instances: Schema<'Instance'>[] | undefined }) {
  return (
    <table className="w-full table-fixed border-collapse text-base" aria-busy={instances === undefined}>
      <caption className="sr-only">Instances</caption>
      <thead className="border-b bg-sunken/60">
        <tr>
          <th scope="col" className={heading}>
            Name
          </th>
          <th scope="col" className={`${heading} w-32 sm:w-36`}>
            State
          </th>
          <th scope="col" className={`${heading} hidden w-28 md:table-cell`}>
            PostgreSQL
          </th>
          <th scope="col" className={`${heading} hidden w-52 lg:table-cell`}>
            Size
          </th>
          <th scope="col" className={`${heading} hidden w-52 md:table-cell`}>
            Endpoint
          </th>
          <th scope="col" className={`${heading} hidden w-36 sm:table-cell`}>
            Created
          </th>
        </tr>
      </thead>
      <tbody className="divide-y">
        {instances?.map((instance) => <InstanceRow key={instance.id} instance={instance} />) ??
          [1, 2, 3, 4, 5].map((i) => <SkeletonRow key={i} />)}
      </tbody>
    </table>
  )
}

function InstanceRow({ instance }: { instance: Schema<'Instance'> }) {
  const { name, endpoint } = instance
  const address = endpoint && `${endpoint.host}:${endpoint.port}`
  return (
    <tr className="group relative h-14 transition-colors hover:bg-sunken/60" data-instance={name}>
      <td className={cell}>
        <Link
          to="/instances/$name"
          params={{ name }}
          className="font-medium wrap-anywhere group-hover:text-accent-strong after:absolute after:inset-0"
        >
          {name}
        </Link>
        {instance.message ? (
          <p className="line-clamp-2 text-sm wrap-anywhere text-ink-faint">{instance.message}</p>
        ) : (
          <p className="truncate text-sm text-ink-faint lg:hidden">
            <span className="md:hidden">PG {instance.version} · </span>
            {computeOf(instance)}
            <span className="hidden sm:inline"> · {humanStorage(instance.storage_gib)}</span>
          </p>
        )}
      </td>
      <td className={cell}>
        <StateBadge instance={instance} />
      </td>
      <td className={`${cell} tabular hidden md:table-cell`} title={instance.server_version}>
        {shortVersion(instance)}
      </td>
      <td className={`${cell} hidden text-ink-soft lg:table-cell`}>
        {computeOf(instance)} · {humanStorage(instance.storage_gib)}
      </td>
      <td className={`${cell} hidden md:table-cell`}>
        {address ? (
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
        ) : (
          <span className="text-ink-faint">–</span>
        )}
      </td>
      <td className={`${cell} hidden text-ink-soft sm:table-cell`}>
        <RelativeTime at={instance.created_at} />
      </td>
    </tr>
  )
}

function SkeletonRow() {
  const shown = [
    ['', 'w-32'],
    ['', 'w-20'],
    ['hidden md:table-cell', 'w-12'],
    ['hidden lg:table-cell', 'w-40'],
    ['hidden md:table-cell', 'w-36'],
    ['hidden sm:table-cell', 'w-20'],
  ]
  return (
    <tr className="h-14">
      {shown.map(([column, width], i) => (
        <td key={i} className={`${cell} ${column ?? ''}`}>
          <Skeleton className={`h-4 ${width ?? ''}`} />
        </td>
      ))}
    </tr>
  )
}

function computeOf(i: Schema<'Instance'>): string {
  return `${humanCPU(i.cpu_millis)} · ${humanMemory(i.memory_mib)}`
}

// "18.4" of "18.4 (Debian 18.4-1)", or the major version until it is known.
function shortVersion(i: Schema<'Instance'>): string {
  return /^\d+(\.\d+)?/.exec(i.server_version ?? '')?.[0] ?? String(i.version)
}
