import { Link, useChildMatches } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'

import type { Schema } from '@/lib/api'

const all = [
  { to: '/instances/$name', label: 'Overview' },
  { to: '/instances/$name/connect', label: 'Connect' },
  { to: '/instances/$name/logs', label: 'Logs', operators: true },
  { to: '/instances/$name/query', label: 'Query', operators: true },
  { to: '/instances/$name/parameters', label: 'Parameters' },
  { to: '/instances/$name/activity', label: 'Activity' },
  { to: '/instances/$name/durable', label: 'Durable functions', operators: true, durable: true },
  { to: '/instances/$name/settings', label: 'Settings', operators: true },
] as const

interface Props {
  instance: Schema<'Instance'>
  mayOperate: boolean
}

/** The tabs of an instance's page: addresses of their own, for those who may use them. */
export function InstanceTabs({ instance, mayOperate }: Props) {
  const nav = useRef<HTMLElement>(null)
  const path = useTabPath()
  useEffect(() => {
    // On a phone there is no room for all.
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [path])
  const tabs = all.filter(
    (tab) =>
      (mayOperate || !('operators' in tab)) &&
      (mayBeDurable(instance) || !('durable' in tab) || tab.to === path),
  )
  return (
    <nav ref={nav} aria-label="Instance" className="-mx-4 mb-5 overflow-x-auto px-4 sm:mx-0 sm:px-0">
      <div className="flex min-w-max gap-5 border-b">
        {tabs.map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            params={{ name: instance.name }}
            activeOptions={{ exact: true }}
            className="-mb-px border-b-2 border-transparent pt-1 pb-2.5 font-medium text-ink-soft transition-colors hover:text-ink aria-[current]:border-accent aria-[current]:text-ink"
          >
            {label}
          </Link>
        ))}
      </div>
    </nav>
  )
}

/** The label of the tab that is open; undefined for the first, which is the instance itself. */
export function useTabLabel(): string | undefined {
  const path = useTabPath()
  return all.slice(1).find((tab) => tab.to === path)?.label
}

function useTabPath(): string | undefined {
  return useChildMatches({ select: (matches) => matches[0]?.fullPath })
}

// A runtime image may hold pg_durable, the stock one does not.
function mayBeDurable({ image_type, runtime_image }: Schema<'Instance'>): boolean {
  return image_type === 'pg_durable' || runtime_image !== undefined
}
