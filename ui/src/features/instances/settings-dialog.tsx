import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextAreaField, TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { differences, readAssignments, writeAssignments } from './assignments'
import { usePlanUpdate, useUpdateInstance } from './queries'

interface Props {
  instance: Schema<'Instance'>
  onStarted: (operation: Schema<'Operation'>) => void
  onClose: () => void
}

/** Where parameters and networks are changed: first what that would do is shown, then it is done. */
export function SettingsDialog({ instance, onStarted, onClose }: Props) {
  const [has] = useState(instance) // what was set when the user began
  const [parameters, setParameters] = useState(() => writeAssignments(has.parameters))
  const [networks, setNetworks] = useState(() => has.allowed_cidrs.join(', '))
  const plan = usePlanUpdate(has.name)
  const update = useUpdateInstance(has.name)

  const { values, problem } = readAssignments(parameters)
  const body: Schema<'UpdateInstanceRequest'> = {
    parameters: differences(has.parameters, values),
    allowed_cidrs: networks.split(/[\s,]+/).filter((network) => network !== ''),
  }
  const edit = (change: () => void) => {
    change()
    plan.reset()
    update.reset()
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (problem !== undefined || plan.isPending || update.isPending) return
    if (!plan.data) {
      plan.mutate(body)
      return
    }
    update.mutate(
      { body, plan: plan.data.fingerprint },
      {
        onSuccess: (answer) => {
          if ('steps' in answer) {
            toast(`Updating ${has.name}`)
            onStarted(answer)
          }
          onClose()
        },
      },
    )
  }
  const nothing = plan.data?.changes.length === 0
  return (
    <Dialog title={`Settings of ${has.name}`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <TextAreaField
          label="PostgreSQL parameters"
          rows={6}
          spellCheck={false}
          className="font-mono"
          placeholder="work_mem = 64MB"
          hint="One “name = value” a line. What is not here follows from the size."
          error={problem}
          value={parameters}
          onChange={(event) => edit(() => setParameters(event.target.value))}
        />
        <TextField
          label="Allowed networks"
          autoComplete="off"
          placeholder="10.0.0.0/8, 203.0.113.0/24"
          hint="Empty: clients may come from wherever it can be reached."
          value={networks}
          onChange={(event) => edit(() => setNetworks(event.target.value))}
        />
        {plan.data && <Preview plan={plan.data} />}
        {plan.isError && <ErrorAlert error={plan.error} />}
        {update.isError && <ErrorAlert error={update.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            disabled={problem !== undefined || nothing}
            pending={plan.isPending || update.isPending}
          >
            {plan.data ? 'Apply' : 'Preview'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

const takes: Record<Schema<'Effect'>, string> = {
  nothing: '',
  reload: 'no restart',
  restart: 'needs a restart',
}

function Preview({ plan }: { plan: Schema<'Plan'> }) {
  if (plan.changes.length === 0) return <p className="text-ink-soft">Nothing would change.</p>
  return (
    <section aria-label="What would be done" className="rounded-md bg-sunken p-3">
      <ul className="flex flex-col gap-1">
        {plan.changes.map((change) => (
          <li key={change.field} className="flex flex-wrap justify-between gap-x-3 wrap-anywhere">
            <code className="font-mono text-sm">
              {change.field}: {change.from ?? 'not set'} → {change.to ?? 'not set'}
            </code>
            <span className="text-sm text-ink-faint">{takes[change.takes]}</span>
          </li>
        ))}
      </ul>
      <p className="mt-2 text-sm text-ink-soft">Interruption: {plan.interruption}</p>
    </section>
  )
}
