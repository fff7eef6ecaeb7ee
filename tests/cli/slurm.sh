#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 the kallitype authors
#
# slurm.sh KAL: a SLURM of one node, for this run alone; an array of four tasks takes the runs of a sweep over eight pictures, one task is put back into the
# queue while it works, and what all of them wrote is, byte for byte, what one process writes. A task that was put back waits for two minutes: ./dev check.
set -eu
kal=$1
for program in slurmctld slurmd munged sbatch; do
    command -v $program >/dev/null || { echo "SLURM is not installed (slurm-wlm munge)"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "the daemons of SLURM want root"; exit 77; }
work=$(mktemp -d)
pids=
cleanup()
{
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    [ -z "${started_munge-}" ] || pkill -x munged || true
    sleep 1
    rm -rf "$work"
}
trap cleanup EXIT
host=$(hostname -s)
export SLURM_CONF=$work/slurm.conf
cat >"$SLURM_CONF" <<EOF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
SlurmctldPort=27817
SlurmdPort=27818
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/ctld.pid
SlurmdPidFile=$work/d.pid
SlurmctldLogFile=$work/ctld.log
SlurmdLogFile=$work/d.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
EOF
mkdir -p "$work/state" "$work/spool" "$work/in" "$work/one" "$work/many" /run/munge
if ! pgrep -x munged >/dev/null; then
    chown munge /run/munge
    su munge -s /bin/sh -c 'munged -F' >/dev/null 2>&1 &
    pids="$pids $!"
    started_munge=1
    sleep 1
fi
slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1 &
pids="$pids $!"
slurmd -D -f "$SLURM_CONF" >/dev/null 2>&1 &
pids="$pids $!"
tries=0
until sinfo -h -o %T 2>/dev/null | grep -q idle; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || { tail -5 "$work"/*.log; echo "no node of SLURM came up"; exit 1; }
    sleep 0.5
done

for i in 1 2 3 4 5 6 7 8; do
    "$kal" run "perlin seed=$i width=900 height=700 | cast type=u8" -o "$work/in/$i.png"
done
text='v = 2; in | gaussian v | median_filter 6'
"$kal" run "$text" "$work"/in/*.png --sweep v=2,5,9 -o "$work/one/{stem}-{v}.png"
cat >"$work/job.sh" <<EOF
#!/bin/sh
#SBATCH --array=1-4
#SBATCH --requeue
"$kal" run '$text' $work/in/*.png --sweep v=2,5,9 -o '$work/many/{stem}-{v}.png' --memo-dir $work/memo \\
    --shard \$SLURM_ARRAY_TASK_ID/\$SLURM_ARRAY_TASK_COUNT --manifest $work/many/\$SLURM_ARRAY_TASK_ID.jsonl
EOF
id=$(sbatch --parsable -o "$work/task-%a.txt" "$work/job.sh")
until scontrol requeue "${id}_1" 2>/dev/null; do sleep 0.2; done
tries=0
while [ -n "$(squeue -h -j "$id" 2>/dev/null)" ]; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || { squeue; echo "the array did not end"; exit 1; }
    sleep 1
done
"$kal" merge "$work"/many/*.jsonl
for one in "$work"/one/*.png; do cmp "$one" "$work/many/$(basename "$one")"; done
[ "$(ls "$work/one" | wc -l)" = "$(ls "$work"/many/*.png | wc -l)" ]
grep -h . "$work"/task-*.txt || true
echo "24 runs of 4 tasks, one put back into the queue: the same files"
