import { Badge } from '@/components/badge'
import { Card } from '@/components/card'
import type { Schema } from '@/lib/api'

/** The configuration of the API, without secrets; what is set stands before what is left as it is. */
export function SettingsCard({ settings }: { settings: Schema<'Setting'>[] }) {
  const set = settings.filter((setting) => !setting.default)
  const unset = settings.filter((setting) => setting.default)
  return (
    <Card title="Configuration of the API" flush>
      <List settings={set} />
      <details className="border-t">
        <summary className="px-4 py-2.5 text-ink-soft hover:bg-sunken sm:px-5">
          {unset.length} more have their default
        </summary>
        <div className="border-t">
          <List settings={unset} />
        </div>
      </details>
    </Card>
  )
}

function List({ settings }: { settings: Schema<'Setting'>[] }) {
  return (
    <dl className="divide-y">
      {settings.map(({ name, value, secret }) => (
        <div
          key={name}
          className="grid gap-x-4 px-4 py-1.5 sm:grid-cols-[minmax(0,22rem)_1fr] sm:px-5"
          data-setting={name}
        >
          <dt className="font-mono text-sm wrap-anywhere text-ink-faint">{name}</dt>
          <dd className="font-mono text-sm wrap-anywhere">
            {secret ? (
              <Badge tone="neutral">Set</Badge>
            ) : (
              (value ?? <span className="text-ink-faint">–</span>)
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}
