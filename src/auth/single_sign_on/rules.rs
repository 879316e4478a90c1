//! Which role somebody has by what the provider says of them.

use crate::config::SingleSignOnConfig;

/// Groups and their roles.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Group and role, in the order in which they count.
    groups: Vec<(String, String)>,
    /// The role of whoever is in none of them.
    otherwise: Option<String>,
}

impl Rules {
    /// As the settings say.
    pub fn new(settings: &SingleSignOnConfig) -> Rules {
        Rules { groups: settings.roles.clone(), otherwise: settings.default_role.clone() }
    }

    /// Whether groups decide. Otherwise roles are given in Dateline, and the default is only what accounts begin with.
    pub fn are_by_group(&self) -> bool {
        !self.groups.is_empty()
    }

    /// The role of somebody in these groups; `present` is what their account has, when they have one. `None` when no rule
    /// lets them in.
    pub fn role_of(&self, groups: &[String], present: Option<&str>) -> Option<String> {
        let mapped = self.groups.iter().find(|(group, _)| groups.contains(group)).map(|(_, role)| role.clone());
        if self.are_by_group() {
            return mapped.or_else(|| self.otherwise.clone());
        }
        present.map(str::to_owned).or_else(|| self.otherwise.clone())
    }

    /// Every role that somebody may get.
    pub fn roles(&self) -> Vec<String> {
        self.groups.iter().map(|(_, role)| role).chain(&self.otherwise).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(groups: &[(&str, &str)], otherwise: Option<&str>) -> Rules {
        let groups = groups.iter().map(|(group, role)| ((*group).to_owned(), (*role).to_owned())).collect();
        Rules { groups, otherwise: otherwise.map(str::to_owned) }
    }

    fn role(rules: &Rules, groups: &[&str], present: Option<&str>) -> Option<String> {
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        rules.role_of(&groups, present)
    }

    #[test]
    fn groups_decide_where_there_are_some_and_the_first_rule_counts() {
        let both = [("admins", "admin"), ("newsdesk", "editor")];
        let strict = rules(&both, None);
        assert_eq!(role(&strict, &["newsdesk", "admins"], Some("writer")).as_deref(), Some("admin"));
        assert_eq!(role(&strict, &["Newsdesk"], Some("editor")), None);
        assert_eq!(role(&strict, &[], None), None);
        assert_eq!(role(&rules(&both, Some("viewer")), &[], Some("editor")).as_deref(), Some("viewer"));
    }

    #[test]
    fn without_groups_an_account_keeps_its_role_and_a_new_one_begins_with_the_default() {
        let open = rules(&[], Some("writer"));
        assert_eq!(role(&open, &["admins"], Some("editor")).as_deref(), Some("editor"));
        assert_eq!(role(&open, &[], None).as_deref(), Some("writer"));
        assert_eq!(role(&rules(&[], None), &[], None), None);
    }
}
