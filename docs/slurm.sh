#!/bin/bash
# One build on the nodes of a Slurm job: sbatch docs/slurm.sh /shared/sae/data
#SBATCH --job-name=sae-warehouse
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --gpus-per-node=4
#SBATCH --time=04:00:00

set -euo pipefail
data=$1
port=${PORT:-6379}
source "${VENV:-.venv}/bin/activate"      # an environment that every node sees under this path
export RAY_USAGE_STATS_ENABLED=0
export RAY_AUTH_MODE=token                # nobody else on these nodes can use the cluster
ray get-auth-token --generate > /dev/null # into ~/.ray, which every node must see

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
address=$head:$port
node=(--num-cpus "$SLURM_CPUS_PER_TASK" --num-gpus "${SLURM_GPUS_ON_NODE:-0}" --disable-usage-stats --block)

srun --nodes 1 --ntasks 1 --nodelist "$head" \
    ray start --head --port "$port" --include-dashboard false "${node[@]}" &
until (: < "/dev/tcp/$head/$port") 2> /dev/null; do sleep 1; done
if ((SLURM_JOB_NUM_NODES > 1)); then
    srun --nodes $((SLURM_JOB_NUM_NODES - 1)) --ntasks $((SLURM_JOB_NUM_NODES - 1)) --exclude "$head" \
        ray start --address "$address" "${node[@]}" &
fi
# Workers are counted when the first texts are embedded: wait until every node is there.
python - "$address" "$SLURM_JOB_NUM_NODES" "${WAIT:-300}" <<'PYTHON'
import sys, time, ray
ray.init(sys.argv[1], log_to_driver=False)
wanted, seconds = int(sys.argv[2]), int(sys.argv[3])
ends = time.monotonic() + seconds
while (there := sum(node["Alive"] for node in ray.nodes())) < wanted:
    if time.monotonic() > ends:
        sys.exit(f"{there} of {wanted} nodes came up in {seconds} s; the others tell why in /tmp/ray/session_latest/logs")
    time.sleep(1)
PYTHON

python cli.py --data "$data" build --on "$address"
