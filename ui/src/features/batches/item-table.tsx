import { Link } from '@tanstack/react-router'

import { Badge } from '@/components/badge'
import type { Schema } from '@/lib/api'
import { sentence } from '@/lib/text'

import { tones } from './progress'

const cell = 'px-4 py-2.5 align-top sm:px-5'

/** What has come of each instance of a batch. */
export function ItemTable({ items }: { items: Schema<'BatchItem'>[] }) {
  return (
    <table className="w-full border-collapse text-left">
      <caption className="sr-only">Instances of the batch</caption>
      <tbody className="divide-y">
        {items.map((item) => (
          <tr key={item.position} data-instance={item.name}>
            <th scope="row" className={`${cell} font-medium wrap-anywhere`}>
              {item.operation_id ? (
                <Link to="/instances/$name" params={{ name: item.name }} className="hover:text-accent-strong">
                  {item.name}
                </Link>
              ) : (
                item.name
              )}
              {item.error && <p className="text-sm font-normal text-ink-faint">{sentence(item.error)}</p>}
            </th>
            <td className={`${cell} w-36 text-right`}>
              <Badge tone={tones[item.state]} pulse={item.state === 'running'}>
                {item.state.slice(0, 1).toUpperCase() + item.state.slice(1)}
              </Badge>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
