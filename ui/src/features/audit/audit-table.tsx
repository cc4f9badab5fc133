import { Badge, type Tone } from '@/components/badge'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'

const cell = 'px-3 py-2 first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5'
const heading = `${cell} text-left text-sm font-medium text-ink-faint`

export function AuditTable({ entries }: { entries: Schema<'AuditEntry'>[] }) {
  return (
    <table className="w-full table-fixed border-collapse text-base">
      <caption className="sr-only">Audit log</caption>
      <thead className="border-b bg-sunken/60">
        <tr>
          <th scope="col" className={`${heading} hidden w-32 sm:table-cell`}>
            When
          </th>
          <th scope="col" className={heading}>
            Who
          </th>
          <th scope="col" className={heading}>
            What
          </th>
          <th scope="col" className={`${heading} hidden w-40 md:table-cell`}>
            From
          </th>
          <th scope="col" className={`${heading} w-28`}>
            Answer
          </th>
        </tr>
      </thead>
      <tbody className="divide-y">
        {entries.map((entry) => (
          <tr key={entry.id} data-action={entry.action}>
            <td className={`${cell} hidden text-ink-soft sm:table-cell`}>
              <RelativeTime at={entry.at} />
            </td>
            <td className={`${cell} wrap-anywhere`}>
              {entry.user ?? <span className="text-ink-faint">unknown</span>}
              <span className="block text-sm text-ink-faint">
                {entry.credential} {entry.token}
              </span>
            </td>
            <td className={`${cell} wrap-anywhere`}>
              {entry.action}
              <span className="block text-sm text-ink-faint">{entry.target}</span>
            </td>
            <td className={`${cell} hidden font-mono text-sm wrap-anywhere text-ink-soft md:table-cell`}>
              {entry.address}
            </td>
            <td className={cell} title={`Request ${entry.request_id}`}>
              <Badge tone={toneOf(entry.status)}>{entry.status ? String(entry.status) : 'Unknown'}</Badge>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function toneOf(status: number | undefined): Tone {
  if (status === undefined) return 'warn'
  if (status >= 500) return 'bad'
  return status >= 400 ? 'warn' : 'good'
}
