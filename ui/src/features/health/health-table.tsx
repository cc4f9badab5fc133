import { useState } from 'react'

import { exactTime } from '@/lib/time'

import { latencyText, percentText, type Series } from './series'

/** The same as the chart, for those who can't see it or want the figures. */
export function HealthTable({ series }: { series: Series }) {
  const [open, setOpen] = useState(false)
  return (
    <details className="mt-3" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="inline-block rounded text-sm text-ink-soft hover:text-ink">Show as a table</summary>
      {open && (
        <div
          tabIndex={0}
          role="region"
          aria-label="Health as a table"
          className="mt-2 max-h-64 overflow-auto rounded-lg border"
        >
          <table className="tabular w-full border-collapse text-left text-sm">
            <thead className="sticky top-0 bg-sunken">
              <tr>
                {['From', 'Answered', 'Mean', 'Longest'].map((heading) => (
                  <th
                    key={heading}
                    scope="col"
                    className="border-b px-3 py-1.5 font-medium whitespace-nowrap"
                  >
                    {heading}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {series.samples.toReversed().map((sample) => (
                <tr key={sample.at} className="border-b last:border-0">
                  <td className="px-3 py-1 whitespace-nowrap">
                    {sample.probes > 0 ? exactTime(new Date(sample.at)) : 'not probed'}
                  </td>
                  <td className="px-3 py-1">{sample.probes > 0 && percentText(1 - sample.failed)}</td>
                  <td className="px-3 py-1">{sample.mean !== null && latencyText(sample.mean)}</td>
                  <td className="px-3 py-1">{sample.most !== null && latencyText(sample.most)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
