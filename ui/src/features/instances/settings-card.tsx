import { useQuery } from '@tanstack/react-query'
import { SlidersHorizontal } from 'lucide-react'
import { useState } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import type { Schema } from '@/lib/api'

import { parametersQuery } from './queries'
import { SettingsDialog } from './settings-dialog'
import { canResize } from './state'

interface Props {
  instance: Schema<'Instance'>
  mayChange: boolean
  onStarted: (operation: Schema<'Operation'>) => void
}

/** What is set of an instance's server: PostgreSQL parameters, and who may connect. */
export function SettingsCard({ instance, mayChange, onStarted }: Props) {
  const [changing, setChanging] = useState(false)
  const parameters = useQuery(parametersQuery(instance, mayChange))
  const known = new Map(parameters.data?.items.map((parameter) => [parameter.name, parameter]))
  const names = Object.keys(instance.parameters).sort()
  return (
    <Card
      title="Settings"
      flush
      aside={
        mayChange && (
          <Button size="sm" disabled={!canResize(instance.state)} onClick={() => setChanging(true)}>
            <SlidersHorizontal aria-hidden />
            Change
          </Button>
        )
      }
    >
      <dl className="divide-y">
        {names.map((name) => (
          <Row key={name} label={name}>
            <code className="font-mono text-sm">{instance.parameters[name]}</code>
            {known.get(name)?.pending_restart && (
              <span className="block text-sm text-warn-ink">after a restart</span>
            )}
          </Row>
        ))}
        {names.length === 0 && <Row label="Parameters">as follows from the size</Row>}
        <Row label="Allowed networks">{instance.allowed_cidrs.join(', ') || 'all'}</Row>
      </dl>
      {parameters.isError && <ErrorAlert error={parameters.error} className="m-4" />}
      {changing && (
        <SettingsDialog instance={instance} onStarted={onStarted} onClose={() => setChanging(false)} />
      )}
    </Card>
  )
}

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="flex min-h-10 items-center justify-between gap-4 px-4 py-2 sm:px-5">
      <dt className="min-w-0 wrap-anywhere text-ink-faint">{label}</dt>
      <dd className="tabular min-w-0 text-right wrap-anywhere">{children}</dd>
    </div>
  )
}
