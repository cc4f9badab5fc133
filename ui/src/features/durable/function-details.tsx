import { useQuery } from '@tanstack/react-query'
import { Ban, Bell } from 'lucide-react'
import { useState, type ReactNode, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { explanationQuery, functionQuery, useCancelFunction, useSignalFunction } from './queries'

interface Props {
  name: string
  id: string
}

/** The graph and the executions of one durable function, and what can be done with it. */
export function FunctionDetails({ name, id }: Props) {
  const { data, error } = useQuery(functionQuery(name, id))
  const cancel = useCancelFunction(name, id)
  if (!data) {
    return (
      <div className="border-t bg-sunken/60 p-4 sm:px-5">
        {error ? <ErrorAlert error={error} /> : <Skeleton className="h-16" />}
      </div>
    )
  }
  const { info, nodes, executions } = data
  const goesOn = info.status === 'running' || info.status === 'pending'
  return (
    <div className="flex flex-col gap-4 border-t bg-sunken/60 p-4 sm:px-5">
      {info.output && <pre className="max-h-40 overflow-auto font-mono text-xs">{info.output}</pre>}
      <Table title="Nodes" headings={['Node', 'Type', 'Status', 'Query']}>
        {nodes.items.map((node) => (
          <tr key={node.node_id} className="border-b last:border-0">
            <Cell>{node.node_id}</Cell>
            <Cell>{node.node_type}</Cell>
            <Cell>{node.inferred_status ?? node.status}</Cell>
            <Cell>{node.query}</Cell>
          </tr>
        ))}
      </Table>
      {nodes.truncated && <p className="text-sm text-ink-faint">There are more nodes than are shown.</p>}
      {executions.length > 0 && (
        <Table title="Executions" headings={['Execution', 'Status', 'Events', 'Time']}>
          {executions.map((e: Schema<'DurableFunctionExecution'>) => (
            <tr key={e.execution_id} className="border-b last:border-0">
              <Cell>{e.execution_id}</Cell>
              <Cell>{e.status}</Cell>
              <Cell>{e.event_count}</Cell>
              <Cell>{e.duration_ms == null ? '' : `${e.duration_ms} ms`}</Cell>
            </tr>
          ))}
        </Table>
      )}
      <Explanation name={name} id={id} />
      {cancel.isError && <ErrorAlert error={cancel.error} />}
      {goesOn && (
        <div className="flex flex-wrap items-end justify-between gap-3">
          <SignalForm name={name} id={id} />
          <Button
            size="sm"
            look="dangerOutline"
            pending={cancel.isPending}
            onClick={() => cancel.mutate(undefined, { onSuccess: () => toast(`Cancelled ${id}`) })}
          >
            <Ban aria-hidden />
            Cancel function
          </Button>
        </div>
      )}
    </div>
  )
}

function Explanation({ name, id }: Props) {
  const [open, setOpen] = useState(false)
  const { data, error } = useQuery({ ...explanationQuery(name, id), enabled: open })
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="text-sm font-medium">Graph as text</summary>
      {error ? (
        <ErrorAlert error={error} className="mt-2" />
      ) : data ? (
        <pre
          tabIndex={0}
          role="region"
          aria-label="Graph as text"
          className="mt-2 max-h-72 overflow-auto rounded-lg border bg-surface px-3 py-2 font-mono text-xs"
        >
          {data.text}
        </pre>
      ) : (
        <Skeleton className="mt-2 h-16" />
      )}
    </details>
  )
}

function SignalForm({ name, id }: Props) {
  const [signal, setSignal] = useState('')
  const [data, setData] = useState('')
  const send = useSignalFunction(name, id)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!signal || send.isPending) return
    send.mutate({ name: signal, ...(data.trim() && { data }) }, { onSuccess: () => toast(`Signalled ${id}`) })
  }
  const input =
    'h-7 rounded-md border border-control bg-surface px-2 text-sm shadow-card placeholder:text-ink-faint hover:border-ink-faint'
  return (
    <form onSubmit={submit} className="flex flex-wrap items-center gap-2">
      <input
        aria-label="Name of the signal"
        placeholder="Signal"
        maxLength={200}
        value={signal}
        onChange={(event) => setSignal(event.target.value)}
        className={`${input} w-36`}
      />
      <input
        aria-label="Data of the signal, as JSON"
        placeholder="{}"
        spellCheck={false}
        value={data}
        onChange={(event) => setData(event.target.value)}
        className={`${input} w-44 font-mono`}
      />
      <Button type="submit" size="sm" disabled={!signal || send.isPending} pending={send.isPending}>
        <Bell aria-hidden />
        Signal
      </Button>
      {send.isError && <ErrorAlert error={send.error} />}
    </form>
  )
}

function Table({ title, headings, children }: { title: string; headings: string[]; children: ReactNode }) {
  return (
    <div
      tabIndex={0}
      role="region"
      aria-label={title}
      className="max-h-72 overflow-auto rounded-lg border bg-surface"
    >
      <table className="w-full border-collapse text-left text-sm">
        <caption className="sr-only">{title}</caption>
        <thead className="sticky top-0 bg-sunken">
          <tr>
            {headings.map((heading) => (
              <th key={heading} scope="col" className="border-b px-3 py-1.5 font-medium">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

function Cell({ children }: { children: ReactNode }) {
  return <td className="max-w-96 truncate px-3 py-1 font-mono text-xs leading-5">{children}</td>
}
