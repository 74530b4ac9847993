"""Ten thousand messages over six partitions, two members, a rebalance in the middle: nothing missing, none doubled."""

import duckdb
import pytest

from tests.e2e.product import Asking, Collector, eventually

COUNT = 10_000


@pytest.mark.slow
def test_ten_thousand_messages(start, kafka, topic, topic_name, tmp_path):
    """Every message is answered: published once, handled once, by a group of which a second member joins midway."""
    orders, group = topic("orders", partitions=6), topic_name("payment")
    with Collector(tmp_path / "flowtrail.duckdb") as collector:
        told = {"service": "payment", "topic": orders, "group": group, "commit": True}
        producer = start("producer", collector, kafka.bootstrap_servers, config={"linger_ms": 20})
        one = start("polling", collector, kafka.bootstrap_servers, config={"enable_auto_commit": False}, **told)
        one.hear("assigned")
        producer.do("send_many", topic=orders, id="m", first=0, count=COUNT // 2)
        while one.hear("handled")["handled"] < COUNT // 10:
            pass
        other = start("polling", collector, kafka.bootstrap_servers, config={"enable_auto_commit": False}, **told)
        assert len(other.hear("assigned")["assigned"]) == 3
        producer.do("send_many", topic=orders, id="m", first=COUNT // 2, count=COUNT // 2)
        producer.stop()
        eventually(lambda: one.last("handled") + other.last("handled"), lambda handled: handled >= COUNT, 90)
        one.stop()
        other.stop()
        assert one.last("handled") > COUNT // 10
        assert other.last("handled") > COUNT // 10
        assert collector.all_findings() == []
        assert all(row["lag"] == 0 for row in collector.lags(orders))
        for number in (0, COUNT // 2, COUNT - 1):
            assert collector.published(f"m-{number}") == ("yes", "acked")
            assert collector.consumed(f"m-{number}") == {group: "processed"}
    with duckdb.connect(str(tmp_path / "flowtrail.duckdb"), read_only=True) as store:
        everything = {f"m-{number}" for number in range(COUNT)}
        assert {name for (name,) in store.execute("SELECT message_id FROM events").fetchall()} == everything
        assert store.execute("SELECT count(*), count(DISTINCT event_id) FROM publications").fetchone() == (COUNT, COUNT)
        handled = "SELECT count(*), count(DISTINCT event_id) FROM deliveries WHERE outcome = 'ok' AND grp = $group"
        assert store.execute(handled, {"group": group}).fetchone() == (COUNT, COUNT)
        assert store.execute("SELECT count(*) FROM deliveries").fetchone() == (COUNT,)
        whole = (
            "SELECT bool_and(n = last) FROM (SELECT count(*) AS n, max(number) AS last FROM spans GROUP BY instance)"
        )
        assert store.execute(whole).fetchone() == (True,)
    assert Asking(str(tmp_path / "flowtrail.duckdb")).all_findings() == []
