import * as Radix from '@radix-ui/react-tabs'
import type { ReactNode } from 'react'

interface Props {
  /** What the tabs choose among, for screen readers. */
  label: string
  tabs: { value: string; label: string; content: ReactNode }[]
  value: string
  onChange: (value: string) => void
}

/** Tabs within a page, of which one is in sight. They need no address of their own. */
export function Tabs({ label, tabs, value, onChange }: Props) {
  return (
    <Radix.Root value={value} onValueChange={onChange}>
      <div className="overflow-x-auto border-b px-4 sm:px-5">
        <Radix.List aria-label={label} className="flex min-w-max gap-4">
          {tabs.map((tab) => (
            <Radix.Trigger
              key={tab.value}
              value={tab.value}
              className="-mb-px border-b-2 border-transparent py-2.5 text-sm font-medium text-ink-soft transition-colors hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:text-ink"
            >
              {tab.label}
            </Radix.Trigger>
          ))}
        </Radix.List>
      </div>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className="p-4 sm:p-5">
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  )
}
