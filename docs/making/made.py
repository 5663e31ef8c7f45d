"""All results that README and docs quote: what is made of what, and what it takes.

A new one is an entry here, a study in ``scenarios/studies`` and a function that writes; parts of
pages stand between comments, ``<!-- name -->`` and ``<!-- /name -->``.
"""

from __future__ import annotations

from making.results import ByHand, FromFiles, FromStudies, Item, Notebook

ITEMS: tuple[Item, ...] = (
    FromStudies(
        "claim", "README's figure and caption: gossip distillation against the best of each family",
        ("docs/img/quickstart.png", "docs/results/claim.csv", "README.md#claim",
         "docs/methods.md#claim"),
        12.0, ("claim",), "claim:write",
    ),
    FromStudies(
        "methods", "all methods on one task, at equal budgets",
        ("docs/methods.md#methods", "docs/img/methods.png", "docs/results/methods.csv"),
        12.0, ("methods",), "methods:write",
    ),
    FromStudies(
        "tuned-kd", "temperature and weight of distillation, by partition",
        ("docs/methods.md#tuned-kd", "docs/methods.md#tuned-kd-grid"),
        18.0, ("tuned-kd", "tuned-kd-beside"), "tuned_kd:write",
    ),
    FromStudies(
        "topology", "which graph: eight of them, three sizes",
        ("docs/studies.md#topology", "docs/img/topology-gap.png", "docs/img/topology-hub.png",
         "docs/results/topology.csv"),
        12.0, ("topology",), "studies_page:topology",
    ),
    FromStudies(
        "communication", "what to send: payloads, codecs, protocols",
        ("docs/studies.md#communication", "docs/img/communication-pareto.png",
         "docs/results/communication.csv"),
        8.0, ("communication",), "studies_page:communication",
    ),
    FromStudies(
        "resources", "on which devices: time, energy, staleness",
        ("docs/studies.md#resources", "docs/img/resources-staleness.png",
         "docs/results/resources.csv"),
        10.0, ("resources",), "studies_page:resources",
    ),
    FromStudies(
        "spectral-gap", "disagreement over the spectral gap",
        ("docs/studies.md#spectral-gap", "docs/img/spectral-gap.png",
         "docs/results/spectral-gap.csv", "docs/results/spectral-gap-disagreement.csv"),
        12.0, ("spectral-gap",), "studies_page:spectral_gap",
    ),
    FromStudies(
        "ladder", "how far each part of the network moves a result",
        ("docs/model.md#ladder", "docs/model.md#ladder-alone"),
        4.0, ("ladder",), "model_page:ladder",
    ),
    FromStudies(
        "looks", "peers and weights chosen by what is learned",
        ("docs/model.md#looks",), 4.0, ("looks",), "model_page:looks",
    ),
    FromStudies(
        "tasks", "agents that see different things or have labels of their own",
        ("docs/tasks.md#tasks",), 20.0, ("tasks", "remarks"), "tasks_page:write",
    ),
    FromStudies(
        "reference", "what other public rows are worth",
        ("docs/model.md#reference",), 2.0, ("reference",), "model_page:reference",
    ),
    FromStudies(
        "one-bit", "labels of one bit, by the warm-up of teachers",
        ("docs/model.md#one-bit",), 2.0, ("one-bit",), "model_page:one_bit",
    ),
    FromStudies(
        "cache", "what a cache of means saves and costs",
        ("docs/presets.md#cache",), 2.0, ("cache",), "model_page:cache",
    ),
    FromStudies(
        "transports", "the order of methods under TCP and under fluid shares",
        ("docs/truth.md#transports",), 12.0, ("transports",), "validity_page:transports",
    ),
    FromStudies(
        "validity", "the order of methods in worlds that are up to 30 % off",
        ("docs/truth.md#validity", "docs/truth.md#ranks"),
        25.0, ("validity",), "validity_page:validity",
    ),
    FromFiles(
        "truth", "seconds against those of Linux' TCP and of ns-3",
        ("docs/truth.md#real", "docs/truth.md#loss", "docs/truth.md#ns3", "docs/img/truth.png"),
        1.0, ("p2pkd/verify/data/tcp_cases.json", "p2pkd/verify/data/ns3_cases.json"),
        "truth_page:write",
    ),
    *(
        Notebook(f"notebook-{name[:2]}", f"the notebook {name}, executed",
                 (f"notebooks/{name}.ipynb",), minutes)
        for name, minutes in {
            "00_two_agents": 0.3, "01_first_run": 1.0, "02_topology_study": 3.0,
            "03_resource_study": 2.0, "04_communication_cost": 2.0, "05_your_own_method": 1.0,
        }.items()
    ),
    ByHand(
        "performance", "throughput, scale and peers: wall-clock times of one idle machine",
        ("docs/performance.md",), 60.0,
        how="python benchmarks/{throughput,scale,peers,cnn,fair}.py, one at a time",
    ),
)  # fmt: skip
