use super::*;

fn build(edges: &[(&str, &str)]) -> Result<Graph, Diags> {
    let mut builder = Builder::default();
    for (from, to) in edges {
        builder.node(&Address::new(*from), None);
        builder.node(&Address::new(*to), None);
    }
    for (from, to) in edges {
        builder.edge(&Address::new(*from), &Address::new(*to), Reason::Declared);
    }
    builder.finish()
}

#[test]
fn dependencies_come_first() {
    let graph = build(&[
        ("release.shop", "release.db"),
        ("release.shop", "namespace.shop"),
        ("release.db", "namespace.shop"),
    ])
    .unwrap();
    let order: Vec<&str> = graph.order().iter().map(Address::as_str).collect();
    assert_eq!(order, ["namespace.shop", "release.db", "release.shop"]);
    let needs: Vec<&str> = graph.needs(&Address::new("release.shop")).map(Address::as_str).collect();
    assert_eq!(needs, ["namespace.shop", "release.db"]);
}

#[test]
fn the_shortest_cycle_is_spelt_out() {
    let diags = build(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "b"), ("d", "a")]).unwrap_err();
    let messages: Vec<&str> = diags.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(messages, ["these need each other, so none can be first: b -> c -> b"]);
}

#[test]
fn a_node_may_use_what_it_brings() {
    let graph = build(&[("a", "a")]).unwrap();
    assert_eq!(graph.order().len(), 1);
}
